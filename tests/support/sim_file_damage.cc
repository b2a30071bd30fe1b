// Damage of single sectors of a simulated disk.
#include <algorithm>

#include "common/check.h"
#include "tests/support/sim_file_system.h"

namespace muster::storage {

template <class Visit>
void SimFileSystem::for_each_file(Visit visit) const {
  for (const auto& [folder, directory] : directories_)
    for (const auto& [name, inode] : directory.cached) visit(folder + "/" + name, inode);
}

void SimFileSystem::write_back() {
  directory_changes_.clear();
  for (auto& [path, directory] : directories_) {
    directory.durable = directory.cached;
    directory.changes.clear();
  }
  for (auto& [id, inode] : inodes_) {
    inode.durable = inode.cached;
    inode.dirty.clear();
    inode.unsynced.clear();
  }
  drop_unreachable();
}

std::vector<SimFileSystem::Sector> SimFileSystem::written_sectors() const {
  std::vector<Sector> sectors;
  for_each_file([&](const std::string& path, InodeId id) {
    const Content& content = inodes_.at(id).cached;
    for (std::size_t page = 0; page < content.pages.size(); ++page) {
      if (!content.pages[page]) continue;
      for (std::size_t at = page * kPageBytes;
           at < std::min<std::uint64_t>((page + 1) * kPageBytes, content.size); at += kSectorBytes) {
        const std::string bytes = content.read(at, kSectorBytes);
        if (bytes.find_first_not_of('\0') != std::string::npos) sectors.push_back({path, at});
      }
    }
  });
  return sectors;
}

std::vector<SimFileSystem::Sector> SimFileSystem::changed_since(const SimFileSystem& older) const {
  std::vector<Sector> sectors;
  for_each_file([&](const std::string& path, InodeId id) {
    const auto before = older.inodes_.find(id);
    if (before == older.inodes_.end()) return;
    const Content &now = inodes_.at(id).cached, &then = before->second.cached;
    for (std::size_t page = 0; page < std::min(now.pages.size(), then.pages.size()); ++page) {
      if (now.pages[page] == then.pages[page]) continue;
      for (std::size_t at = page * kPageBytes;
           at < std::min<std::uint64_t>((page + 1) * kPageBytes, now.size); at += kSectorBytes) {
        if (now.read(at, kSectorBytes) != then.read(at, kSectorBytes)) sectors.push_back({path, at});
      }
    }
  });
  return sectors;
}

std::string SimFileSystem::contents(const Sector& sector) const {
  const auto inode = find(sector.path);
  return inode ? inodes_.at(*inode).cached.read(sector.offset, kSectorBytes) : std::string();
}

void SimFileSystem::overwrite(const Sector& sector, const std::string& bytes) {
  const auto found = find(sector.path);
  CHECK(found, "a sector of a file that is there");
  Inode& inode = inodes_.at(*found);
  for (Content* content : {&inode.cached, &inode.durable}) {
    if (sector.offset >= content->size) continue;
    content->write(sector.offset, std::string_view(bytes).substr(0, content->size - sector.offset));
  }
}

void SimFileSystem::take_back(const Sector& sector, const SimFileSystem& older) {
  const auto found = find(sector.path);
  CHECK(found && older.inodes_.count(*found) == 1, "a sector of a file that was there");
  overwrite(sector, older.inodes_.at(*found).cached.read(sector.offset, kSectorBytes));
}

void SimFileSystem::make_unreadable(const Sector& sector) {
  const auto found = find(sector.path);
  CHECK(found, "a sector of a file that is there");
  inodes_.at(*found).unreadable.insert(sector.offset / kSectorBytes);
}

}  // namespace muster::storage
