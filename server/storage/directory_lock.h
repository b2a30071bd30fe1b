// Keeps a second process out of a data directory for as long as this object lives; the lock goes with the
// process, however it ends.
#pragma once

#include <string>

namespace muster::storage {

class DirectoryLock {
 public:
  // Locks the file `directory`/lock, which it makes if need be. Throws DiskError: another process has it, or
  // it can't be made.
  explicit DirectoryLock(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int fd_;
};

}  // namespace muster::storage
