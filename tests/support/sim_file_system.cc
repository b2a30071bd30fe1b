#include "tests/support/sim_file_system.h"

#include <algorithm>
#include <bit>

#include "common/check.h"

namespace muster::storage {
namespace {

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.find_last_of('/');
  CHECK(slash != std::string::npos && slash + 1 < path.size(), "a file's path names its directory");
  return {path.substr(0, slash), path.substr(slash + 1)};
}

bool all_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

}  // namespace

// --- contents ---

void SimFileSystem::Content::resize(std::uint64_t bytes) {
  if (bytes < size && bytes % kPageBytes != 0)
    write(bytes, std::string(std::min(size, (bytes / kPageBytes + 1) * kPageBytes) - bytes, '\0'));
  size = bytes;
  pages.resize((bytes + kPageBytes - 1) / kPageBytes);
}

std::string SimFileSystem::Content::read(std::uint64_t offset, std::uint64_t bytes) const {
  if (offset >= size) return {};
  std::string out(std::min(bytes, size - offset), '\0');
  for (std::uint64_t done = 0; done < out.size();) {
    const std::uint64_t at = (offset + done) % kPageBytes;
    const std::uint64_t n = std::min<std::uint64_t>(kPageBytes - at, out.size() - done);
    if (const auto& page = pages[(offset + done) / kPageBytes])
      std::copy_n(page->data() + at, n, out.data() + done);
    done += n;
  }
  return out;
}

void SimFileSystem::Content::write(std::uint64_t offset, std::string_view bytes) {
  if (offset + bytes.size() > size) resize(offset + bytes.size());
  while (!bytes.empty()) {
    const std::uint64_t at = offset % kPageBytes;
    const std::string_view part = bytes.substr(0, std::min<std::uint64_t>(kPageBytes - at, bytes.size()));
    auto& page = pages[offset / kPageBytes];
    if (page || !all_zero(part)) {
      if (!page)
        page = std::make_shared<Page>(Page{});
      else if (page.use_count() > 1)
        page = std::make_shared<Page>(*page);
      std::copy(part.begin(), part.end(), page->data() + at);
    }
    offset += part.size();
    bytes.remove_prefix(part.size());
  }
}

// --- files ---

class SimFileSystem::SimFile : public File {
 public:
  SimFile(SimFileSystem& files, InodeId inode) : files_(files), inode_(inode) {
    ++files_.inodes_.at(inode_).handles;
  }
  ~SimFile() override {
    const auto found = files_.inodes_.find(inode_);
    if (found != files_.inodes_.end() && found->second.handles > 0) --found->second.handles;
  }

  std::string read(std::uint64_t offset, std::size_t bytes) override {
    const auto bad = inode().unreadable.lower_bound(offset / kSectorBytes);
    if (bad != inode().unreadable.end() && *bad * kSectorBytes < offset + bytes)
      throw DiskError("cannot read: simulated failure.");
    return inode().cached.read(offset, bytes);
  }

  void write(std::uint64_t offset, std::string_view bytes) override {
    files_.count_operation(files_.counters_.writes);
    if (files_.refuse_write_at_ == files_.counters_.writes) throw no_space();
    if (files_.fail_write_at_ == files_.counters_.writes) {
      put(offset, bytes.substr(0, bytes.size() / 2));
      throw DiskError("cannot write: simulated failure.");
    }
    const std::string_view wanted = bytes;
    bytes = bytes.substr(0, room_for(offset, bytes.size()));
    put(offset, bytes);
    if (bytes.size() < wanted.size()) throw no_space();
  }

  void put(std::uint64_t offset, std::string_view bytes) {
    files_.counters_.bytes_written += bytes.size();
    if (bytes.empty()) return;
    Inode& file = inode();
    file.cached.write(offset, bytes);
    file.unsynced.push_back({++files_.turns_, offset, std::make_shared<std::string>(bytes)});
    for (std::uint64_t sector = offset / kSectorBytes; sector <= (offset + bytes.size() - 1) / kSectorBytes;
         ++sector) {
      file.unreadable.erase(sector);
      auto& bits = file.dirty[sector / kSectorsPerPage];
      bits = static_cast<std::uint8_t>(bits | (1U << (sector % kSectorsPerPage)));
    }
  }

  void sync(SyncSite site) override {
    files_.count_operation(files_.counters_.syncs);
    if (files_.fail_sync_at_ && files_.counters_.syncs >= *files_.fail_sync_at_)
      throw DiskError("cannot sync: simulated failure.");
    if (files_.ignored_ == site) return;
    Inode& file = inode();
    if (files_.loses_this_sync()) {
      file.dirty.clear();
      file.unsynced.clear();
      throw DiskError("cannot sync: simulated failure.");
    }
    file.durable.resize(file.cached.size);
    files_.counters_.most_synced_bytes = std::max(files_.counters_.most_synced_bytes, dirty_bytes(file));
    for (const auto& [page, bits] : file.dirty)
      if (page < file.cached.pages.size()) file.durable.pages[page] = file.cached.pages[page];
    file.dirty.clear();
    file.unsynced.clear();
  }

  std::uint64_t size() override { return inode().cached.size; }

 private:
  [[nodiscard]] static NoSpace no_space() { return NoSpace("cannot write: the simulated disk is full."); }
  // Of so many bytes at that offset: those that fit.
  [[nodiscard]] std::uint64_t room_for(std::uint64_t offset, std::uint64_t bytes) {
    const std::uint64_t size = inode().cached.size;
    if (offset + bytes <= size || files_.capacity_ == std::numeric_limits<std::uint64_t>::max()) return bytes;
    const std::uint64_t end = size + files_.free_bytes({});
    return std::min(bytes, end - std::min(end, offset));
  }
  Inode& inode() { return files_.inodes_.at(inode_); }
  SimFileSystem& files_;
  InodeId inode_;
};

// --- names ---

void SimFileSystem::count_operation(std::uint64_t& kind) {
  if (crash_at_ && counters_.operations + 1 >= *crash_at_) throw SimCrash{};
  if (before_operation_.call) before_operation_.call();
  ++counters_.operations;
  ++kind;
}

void SimFileSystem::create_directories(const std::string& path) {
  const bool made = directories_.try_emplace(path).second;
  if (made && ignored_ == SyncSite::directory) directory_changes_.push_back({"", path, {}});
}

SimFileSystem::Directory& SimFileSystem::directory_of(const std::string& path) {
  const auto found = directories_.find(split(path).first);
  if (found == directories_.end()) throw DiskError("cannot use " + path + ": there is no such directory.");
  return found->second;
}

std::optional<SimFileSystem::InodeId> SimFileSystem::find(const std::string& path) const {
  const auto [folder, name] = split(path);
  const auto directory = directories_.find(folder);
  if (directory == directories_.end()) return std::nullopt;
  const auto file = directory->second.cached.find(name);
  if (file == directory->second.cached.end()) return std::nullopt;
  return file->second;
}

void SimFileSystem::apply(Names& names, const NameChange& change) {
  if (!change.remove.empty()) names.erase(change.remove);
  if (!change.set.empty()) names[change.set] = change.inode;
}

void SimFileSystem::change(Directory& directory, NameChange change) {
  apply(directory.cached, change);
  directory.changes.push_back(std::move(change));
}

std::vector<std::string> SimFileSystem::list(const std::string& directory) {
  std::vector<std::string> names;
  const auto found = directories_.find(directory);
  if (found == directories_.end()) return names;
  for (const auto& [name, inode] : found->second.cached) names.push_back(name);
  for (const auto& [path, inside] : directories_)
    if (path.find('/') != path.rfind('/') && split(path).first == directory)
      names.push_back(split(path).second);
  std::sort(names.begin(), names.end());
  return names;
}

std::unique_ptr<File> SimFileSystem::create(const std::string& path) {
  Directory& directory = directory_of(path);
  count_operation(counters_.creates);
  const InodeId inode = next_inode_++;
  inodes_[inode];
  change(directory, {"", split(path).second, inode});
  return std::make_unique<SimFile>(*this, inode);
}

std::unique_ptr<File> SimFileSystem::open(const std::string& path) {
  const auto inode = find(path);
  if (!inode) return nullptr;
  return std::make_unique<SimFile>(*this, *inode);
}

void SimFileSystem::rename(const std::string& from, const std::string& to) {
  CHECK(split(from).first == split(to).first, "renames stay within one directory");
  const auto inode = find(from);
  if (!inode) throw DiskError("cannot rename " + from + ": there is no such file.");
  count_operation(counters_.renames);
  change(directory_of(from), {split(from).second, split(to).second, *inode});
}

void SimFileSystem::remove(const std::string& path) {
  if (!find(path)) throw DiskError("cannot remove " + path + ": there is no such file.");
  count_operation(counters_.removes);
  change(directory_of(path), {split(path).second, "", 0});
}

void SimFileSystem::rename_directory(const std::string& from, const std::string& to) {
  CHECK(split(from).first == split(to).first, "renames stay within one directory");
  CHECK(directories_.count(from) == 1 && directories_.count(to) == 0, "a directory gets a name that is free");
  count_operation(counters_.renames);
  auto moved = directories_.extract(from);
  moved.key() = to;
  directories_.insert(std::move(moved));
  directory_changes_.push_back({from, to, {}});
}

void SimFileSystem::remove_directory(const std::string& path) {
  const auto found = directories_.find(path);
  if (found == directories_.end() || !found->second.cached.empty())
    throw DiskError("cannot remove " + path + ": it is not there, or not empty.");
  count_operation(counters_.removes);
  directory_changes_.push_back({path, "", found->second});
  directories_.erase(found);
}

void SimFileSystem::take_back(const DirectoryChange& change) {
  if (change.to.empty()) {
    directories_.emplace(change.from, change.removed);
    return;
  }
  auto moved = directories_.extract(change.to);
  if (moved.empty()) return;
  if (change.from.empty()) return;
  moved.key() = change.from;
  directories_.insert(std::move(moved));
}

std::uint64_t SimFileSystem::used_bytes() const {
  std::uint64_t used = 0;
  for (const auto& item : inodes_) used += item.second.cached.size;
  return used;
}

std::uint64_t SimFileSystem::free_bytes(const std::string&) {
  const std::uint64_t used = used_bytes();
  return std::min(free_bytes_, capacity_ - std::min(capacity_, used));
}

void SimFileSystem::sync_directory(const std::string& path, SyncSite site) {
  Directory& directory = directory_of(path + "/.");
  count_operation(counters_.directory_syncs);
  if (ignored_ == site) return;
  if (loses_this_sync()) throw DiskError("cannot sync a directory: simulated failure.");
  directory.durable = directory.cached;
  directory.changes.clear();
  std::erase_if(directory_changes_, [&](const DirectoryChange& c) {
    return split(c.from.empty() ? c.to : c.from).first == path;
  });
  drop_unreachable();
}

void SimFileSystem::drop_unreachable() {
  std::set<InodeId> reachable;
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, inode] : directory.cached) reachable.insert(inode);
    for (const auto& [name, inode] : directory.durable) reachable.insert(inode);
    for (const auto& pending : directory.changes) reachable.insert(pending.inode);
  }
  for (const auto& gone : directory_changes_) {
    for (const auto& [name, inode] : gone.removed.durable) reachable.insert(inode);
    for (const auto& pending : gone.removed.changes) reachable.insert(pending.inode);
  }
  std::erase_if(inodes_, [&](const auto& item) {
    return item.second.handles == 0 && reachable.count(item.first) == 0;
  });
}

// --- crashes ---

std::uint64_t SimFileSystem::dirty_bytes(const Inode& inode) {
  std::uint64_t sectors = 0;
  for (const auto& [page, bits] : inode.dirty) sectors += static_cast<std::uint64_t>(std::popcount(bits));
  return sectors * kSectorBytes;
}

SimFileSystem::Content SimFileSystem::survivor(const Inode& inode, Random& random) {
  Content left = inode.durable;
  const std::uint64_t fate =
      random.below(4);  // 0: all lost, 1: all kept, 2: the first part kept, 3: any subset
  const std::uint64_t dirty_sectors = dirty_bytes(inode) / kSectorBytes;
  if (fate == 0 || (dirty_sectors == 0 && inode.cached.size == inode.durable.size)) return left;
  const std::uint64_t kept = fate == 1 ? dirty_sectors : random.below(dirty_sectors + 1);

  std::uint64_t seen = 0;
  std::uint64_t end = left.size;
  for (const auto& [page, bits] : inode.dirty) {
    for (std::size_t i = 0; i < kSectorsPerPage; ++i) {
      if ((bits >> i & 1U) == 0) continue;
      const bool keep = fate == 3 ? random.chance(1, 2) : seen < kept;
      // The sector at the cut, or any of a subset, may be torn: its front is new and its rest old.
      const bool torn = fate == 3 ? keep && random.chance(1, 8) : fate == 2 && seen == kept;
      ++seen;
      if (!keep && !torn) continue;
      const std::uint64_t offset = page * kPageBytes + i * kSectorBytes;
      std::string sector = inode.cached.read(offset, kSectorBytes);
      if (torn) sector.resize(random.below(sector.size() + 1));
      left.write(offset, sector);
      end = std::max(end, offset + sector.size());
    }
  }
  // The size is metadata of its own: a file may be as long as it was to be, with holes of zeros, or only as
  // long as what arrived.
  left.resize(fate == 1 || random.chance(1, 2) ? inode.cached.size : std::min(end, inode.cached.size));
  return left;
}

SimFileSystem SimFileSystem::crash_image(Random random) const {
  if (!directory_changes_.empty()) {
    SimFileSystem before = *this;
    before.directory_changes_.clear();
    const std::size_t kept = random.below(directory_changes_.size() + 1);
    for (std::size_t i = directory_changes_.size(); i > kept; --i)
      before.take_back(directory_changes_[i - 1]);
    return before.crash_image(random);
  }
  SimFileSystem image;
  image.free_bytes_ = free_bytes_;
  image.capacity_ = capacity_;
  image.next_inode_ = next_inode_;
  image.counters_ = counters_;
  for (const auto& [path, directory] : directories_) {
    Directory& left = image.directories_[path];
    left.durable = directory.durable;
    const std::uint64_t fate = random.below(4);
    const std::uint64_t changes = directory.changes.size();
    const std::uint64_t kept = fate == 0 ? 0 : fate == 1 ? changes : random.below(changes + 1);
    for (std::uint64_t i = 0; i < kept; ++i) apply(left.durable, directory.changes[i]);
    left.cached = left.durable;
    for (const auto& [name, inode] : left.durable) {
      Inode& file = image.inodes_[inode];
      file.durable = survivor(inodes_.at(inode), random);
      file.cached = file.durable;
      file.unreadable = inodes_.at(inode).unreadable;
    }
  }
  return image;
}

void SimFileSystem::kill() {
  crash_at_.reset();
  fail_sync_at_.reset();
  ignored_.reset();
  before_operation_.call = nullptr;
  lose_sync_at_.reset();
  refuse_write_at_.reset();
  fail_write_at_.reset();
}

void SimFileSystem::wipe() {
  const Counters kept = counters_;
  const InodeId next = next_inode_;
  *this = SimFileSystem{};
  counters_ = kept;
  next_inode_ = next;
}

std::optional<std::string> SimFileSystem::contents(const std::string& path) const {
  const auto inode = find(path);
  if (!inode) return std::nullopt;
  const Content& content = inodes_.at(*inode).cached;
  return content.read(0, content.size);
}

void SimFileSystem::plant(const std::string& path, const std::string& contents) {
  const auto [folder, name] = split(path);
  Directory& directory = directories_[folder];
  const InodeId id = next_inode_++;
  Inode& inode = inodes_[id];
  inode.cached.write(0, contents);
  inode.durable = inode.cached;
  directory.cached[name] = id;
  directory.durable = directory.cached;
  directory.changes.clear();
}

}  // namespace muster::storage
