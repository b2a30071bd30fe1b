// A disk that is only looked at: what is written, made, renamed or removed here stays in memory, and the disk below is as it was.
// So the code that recovers a log or opens a store can be asked what it would find.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "server/storage/file_system.h"

namespace muster::storage {

class ReadOnlyFiles : public FileSystem {
 public:
  explicit ReadOnlyFiles(FileSystem& below) : below_(below) {}

  void create_directories(const std::string& path) override;
  [[nodiscard]] std::vector<std::string> list(const std::string& directory) override;
  [[nodiscard]] std::unique_ptr<File> create(const std::string& path) override;
  [[nodiscard]] std::unique_ptr<File> open(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  void rename_directory(const std::string& from, const std::string& to) override;
  void remove_directory(const std::string& path) override;
  [[nodiscard]] std::uint64_t free_bytes(const std::string& directory) override;
  void sync_directory(const std::string& path, SyncSite site) override;

 private:
  struct Content;
  class Handle;

  // Null: not there. Requires the lock.
  std::shared_ptr<Content> find(const std::string& path);

  FileSystem& below_;
  std::mutex mutex_;                                       // LevelDB has a thread of its own
  std::map<std::string, std::shared_ptr<Content>> known_;  // by path; null: removed
  std::set<std::string> made_directories_, removed_directories_;
};

}  // namespace muster::storage
