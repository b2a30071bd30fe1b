#include "server/storage/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "server/storage/file_system.h"

namespace muster::storage {

DirectoryLock::DirectoryLock(const std::string& directory) {
  const std::string path = directory + "/lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0)
    throw DiskError("cannot open " + path + ": " + std::strerror(errno) +
                    ". The data directory must exist and the server's user must be able to write there.");
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(fd_);
  if (error == EWOULDBLOCK)
    throw DiskError(
        "the data directory " + directory +
        " is in use by another process. Stop that one, or give this server a directory of its own.");
  throw DiskError("cannot lock " + path + ": " + std::strerror(error) +
                  ". Use a file system that knows locks.");
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

}  // namespace muster::storage
