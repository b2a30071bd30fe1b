// The POSIX side of the seam.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "server/storage/file_system.h"

namespace muster::storage {
namespace {

constexpr mode_t kFileMode = 0600;  // the log holds the cluster's secret
constexpr mode_t kDirectoryMode = 0700;

[[noreturn]] void fail(const char* doing, const std::string& path, int error) {
  std::string message = std::string("cannot ") + doing + " " + path + ": " + std::strerror(error) + ". ";
  if (error == ENOSPC || error == EDQUOT)
    throw NoSpace(message + "Free some space there and start the server again.");
  if (error == EACCES || error == EPERM || error == EROFS)
    message += "Give the server's user the right to read and write there and start it again.";
  else
    message += "Check the disk, then start the server again.";
  throw DiskError(message);
}

template <class Call>
auto retried(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

int open_retried(const std::string& path, int flags) {
  return retried([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); });
}

class RealFile : public File {
 public:
  RealFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  std::string read(std::uint64_t offset, std::size_t bytes) override {
    const std::uint64_t end = size();
    std::string out(offset < end ? std::min<std::uint64_t>(bytes, end - offset) : 0, '\0');
    std::size_t done = 0;
    while (done < out.size()) {
      const auto n = retried([&] {
        return ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      });
      if (n < 0) fail("read", path_, errno);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    out.resize(done);
    return out;
  }

  void write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto n = retried(
          [&] { return ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (n < 0) fail("write", path_, errno);
      offset += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  // Never tried again: after a failure the kernel may have dropped the dirty pages, and a second call would
  // succeed for nothing.
  void sync(SyncSite) override {
    if (::fdatasync(fd_.get()) != 0) fail("sync", path_, errno);
  }

  std::uint64_t size() override {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) fail("look at", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class RealFileSystem : public FileSystem {
 public:
  void create_directories(const std::string& path) override {
    if (::mkdir(path.c_str(), kDirectoryMode) == 0) {
      sync_directory(parent_of(path), SyncSite::directory);
      return;
    }
    const int error = errno;
    // Some file systems answer so although the parent is there: nothing can be made in it.
    if (error == ENOENT && ::access(parent_of(path).c_str(), F_OK) != 0) {
      create_directories(parent_of(path));
      create_directories(path);
      return;
    }
    struct stat status {};
    if (error == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
    fail("create the directory", path, error == EEXIST ? ENOTDIR : error);
  }

  std::vector<std::string> list(const std::string& directory) override {
    std::vector<std::string> names;
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) {
      if (errno == ENOENT) return names;
      fail("list", directory, errno);
    }
    errno = 0;
    while (const dirent* const entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(stream);
    if (error != 0) fail("list", directory, error);
    std::sort(names.begin(), names.end());
    return names;
  }

  std::unique_ptr<File> create(const std::string& path) override {
    const int fd = open_retried(path, O_RDWR | O_CREAT | O_TRUNC);
    if (fd < 0) fail("create", path, errno);
    return std::make_unique<RealFile>(fd, path);
  }

  std::unique_ptr<File> open(const std::string& path) override {
    const int fd = open_retried(path, O_RDWR);
    if (fd < 0 && errno == ENOENT) return nullptr;
    if (fd < 0) fail("open", path, errno);
    return std::make_unique<RealFile>(fd, path);
  }

  void rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) fail("rename", from, errno);
  }

  void remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) fail("remove", path, errno);
  }

  void rename_directory(const std::string& from, const std::string& to) override { rename(from, to); }

  void remove_directory(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0) fail("remove the directory", path, errno);
  }

  std::uint64_t free_bytes(const std::string& directory) override {
    struct statvfs status {};
    if (::statvfs(directory.c_str(), &status) != 0) fail("look at the room left in", directory, errno);
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  }

  void sync_directory(const std::string& path, SyncSite) override {
    const Descriptor directory(open_retried(path, O_RDONLY | O_DIRECTORY));
    if (directory.get() < 0) fail("open the directory", path, errno);
    if (::fsync(directory.get()) != 0) fail("sync the directory", path, errno);
  }

 private:
  static std::string parent_of(const std::string& path) {
    const auto end = path.find_last_not_of('/');
    if (end == std::string::npos) return "/";
    const auto slash = path.find_last_of('/', end);
    if (slash == std::string::npos) return ".";
    const auto parent_end = path.find_last_not_of('/', slash);
    return parent_end == std::string::npos ? "/" : path.substr(0, parent_end + 1);
  }
};

}  // namespace

std::unique_ptr<FileSystem> real_file_system() { return std::make_unique<RealFileSystem>(); }

}  // namespace muster::storage
