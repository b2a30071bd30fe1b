#include "tests/support/crash_images.h"

#include <algorithm>
#include <cstring>

namespace muster::storage {
namespace {

using Kept = std::vector<bool>;
constexpr std::size_t kAllSubsetsUpTo = 8;  // pieces
constexpr std::size_t kMaxTogether = 1024;  // images of one moment, before each kind is chosen alone

Kept front(std::size_t size, std::size_t kept) {
  Kept choice(size, false);
  std::fill_n(choice.begin(), kept, true);
  return choice;
}

bool same_name(const std::string& a, const std::string& b) { return !a.empty() && a == b; }

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
  return hash ^ hash >> 29U;
}

}  // namespace

CrashImages::CrashImages(const SimFileSystem& disk) {
  cut_into_pieces(disk);
  choose_pieces();
  const std::size_t changes = disk.directory_changes_.size();
  for (std::size_t i = 0; i <= changes; ++i) {
    // None and all come first.
    const std::size_t kept = i == 0 ? 0 : i == 1 ? changes : i - 1;
    Tree tree{disk, {}};
    tree.disk.directory_changes_.clear();
    for (std::size_t change = changes; change > kept; --change)
      tree.disk.take_back(disk.directory_changes_[change - 1]);
    tree.names = choose_names(tree.disk);
    trees_.push_back(std::move(tree));
  }
  plan();
}

void CrashImages::cut_into_pieces(const SimFileSystem& disk) {
  for (const auto& [id, inode] : disk.inodes_) {
    for (const auto& write : inode.unsynced) {
      const std::string& bytes = *write.bytes;
      for (std::size_t at = 0; at < bytes.size();) {
        const std::uint64_t offset = write.offset + at;
        const std::size_t n = std::min<std::size_t>(
            bytes.size() - at, SimFileSystem::kSectorBytes - offset % SimFileSystem::kSectorBytes);
        pieces_.push_back({id, write.turn, offset, bytes.substr(at, n)});
        at += n;
      }
    }
  }
  std::stable_sort(pieces_.begin(), pieces_.end(),
                   [](const Piece& a, const Piece& b) { return a.turn < b.turn; });
}

void CrashImages::choose_pieces() {
  const std::size_t count = pieces_.size();
  piece_choices_ = {Kept(count, false)};
  if (count == 0) return;
  piece_choices_.push_back(Kept(count, true));
  if (count <= kAllSubsetsUpTo) {
    for (std::size_t bits = 1; bits + 1 < std::size_t{1} << count; ++bits) {
      Kept choice(count);
      for (std::size_t i = 0; i < count; ++i) choice[i] = (bits >> i & 1U) != 0;
      piece_choices_.push_back(std::move(choice));
    }
    return;
  }
  for (std::size_t kept = 1; kept < count; ++kept) {
    piece_choices_.push_back(front(count, kept));
    piece_choices_.push_back(front(count, kept + 1));
    piece_choices_.back()[kept - 1] = false;
    piece_choices_.push_back(Kept(count, true));
    piece_choices_.back()[kept - 1] = false;
  }
}

std::vector<std::vector<Kept>> CrashImages::choose_names(const SimFileSystem& disk) {
  std::vector<Kept> none, all;
  for (const auto& [path, directory] : disk.directories_) {
    none.push_back(front(directory.changes.size(), 0));
    all.push_back(front(directory.changes.size(), directory.changes.size()));
  }
  std::vector<std::vector<Kept>> choices{none};
  if (none == all) return choices;
  choices.push_back(all);
  std::size_t at = 0;
  for (const auto& [path, directory] : disk.directories_) {
    const auto& changes = directory.changes;
    for (const auto& others : {none, all}) {
      auto choice = others;
      for (std::size_t kept = 0; kept <= changes.size(); ++kept) {
        choice[at] = front(changes.size(), kept);
        choices.push_back(choice);
      }
      for (std::size_t dropped = 0; dropped < changes.size(); ++dropped) {
        Kept& kept = choice[at] = front(changes.size(), changes.size());
        for (std::size_t i = dropped; i < changes.size(); ++i) {
          for (std::size_t before = dropped; before < i && kept[i]; ++before) {
            if (kept[before]) continue;
            const auto &a = changes[before], &b = changes[i];
            kept[i] = !same_name(a.remove, b.remove) && !same_name(a.remove, b.set) &&
                      !same_name(a.set, b.remove) && !same_name(a.set, b.set);
          }
          if (i == dropped) kept[i] = false;
        }
        choices.push_back(choice);
      }
    }
    ++at;
  }
  return choices;
}

void CrashImages::plan() {
  std::size_t together = 0;
  for (const Tree& tree : trees_) together += tree.names.size() * piece_choices_.size();
  for (std::size_t tree = 0; tree < trees_.size(); ++tree) {
    for (std::size_t names = 0; names < trees_[tree].names.size(); ++names) {
      for (std::size_t pieces = 0; pieces < piece_choices_.size(); ++pieces) {
        const bool names_all_or_none = tree < 2 && names < 2;
        if (together > kMaxTogether && pieces > 1 && !names_all_or_none) continue;
        plans_.push_back({tree, names, pieces, false});
        if (!pieces_.empty()) plans_.push_back({tree, names, pieces, true});
      }
    }
  }
  // The two that tell most come first.
  const auto all = std::find_if(plans_.begin(), plans_.end(), [&](const Plan& each) {
    return each.tree + 1 == std::min<std::size_t>(2, trees_.size()) &&
           each.names + 1 == std::min<std::size_t>(2, trees_[each.tree].names.size()) &&
           each.pieces + 1 == std::min<std::size_t>(2, piece_choices_.size());
  });
  if (all != plans_.end() && plans_.size() > 1) std::iter_swap(plans_.begin() + 1, all);
}

SimFileSystem::Content CrashImages::left_of(SimFileSystem::InodeId inode, const Plan& plan,
                                            const SimFileSystem::Inode& file) const {
  SimFileSystem::Content left = file.durable;
  if (file.unsynced.empty()) return left;
  const Kept& kept = piece_choices_[plan.pieces];
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    if (kept[i] && pieces_[i].inode == inode) left.write(pieces_[i].offset, pieces_[i].bytes);
  if (plan.whole_size) left.resize(file.cached.size);
  return left;
}

SimFileSystem CrashImages::at(std::size_t n) const {
  const Plan& plan = plans_[n];
  const SimFileSystem& disk = trees_[plan.tree].disk;
  SimFileSystem image;
  image.free_bytes_ = disk.free_bytes_;
  image.next_inode_ = disk.next_inode_;
  std::size_t at = 0;
  for (const auto& [path, directory] : disk.directories_) {
    SimFileSystem::Directory& left = image.directories_[path];
    left.durable = directory.durable;
    const Kept& kept = trees_[plan.tree].names[plan.names][at++];
    for (std::size_t i = 0; i < kept.size(); ++i)
      if (kept[i]) SimFileSystem::apply(left.durable, directory.changes[i]);
    left.cached = left.durable;
    for (const auto& [name, inode] : left.durable) {
      SimFileSystem::Inode& file = image.inodes_[inode];
      file.durable = left_of(inode, plan, disk.inodes_.at(inode));
      file.cached = file.durable;
    }
  }
  return image;
}

std::uint64_t CrashImages::fingerprint(const SimFileSystem& image) {
  std::uint64_t hash = 0;
  const auto add = [&hash](std::string_view text) {
    hash = mix(hash, text.size());
    for (const char c : text) hash = mix(hash, static_cast<unsigned char>(c));
  };
  for (const auto& [path, directory] : image.directories_) {
    add(path);
    for (const auto& [name, inode] : directory.durable) {
      add(name);
      const SimFileSystem::Content& content = image.inodes_.at(inode).durable;
      hash = mix(hash, content.size);
      for (std::size_t page = 0; page < content.pages.size(); ++page) {
        if (!content.pages[page]) continue;
        for (std::size_t i = 0; i < SimFileSystem::kPageBytes; i += sizeof(std::uint64_t)) {
          std::uint64_t word = 0;
          std::memcpy(&word, content.pages[page]->data() + i, sizeof(word));
          if (word != 0) hash = mix(hash, word + page * SimFileSystem::kPageBytes + i);
        }
      }
    }
  }
  return hash;
}

}  // namespace muster::storage
