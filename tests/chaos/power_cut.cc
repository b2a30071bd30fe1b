// A library for LD_PRELOAD that makes a power cut possible without cutting the power: it notes how to undo what a process has
// written below a directory and not yet synced. The notes are in a mapped file, which outlives SIGKILL; support/power_cut.py takes back
// all of it or a part. What a power cut may leave is so left on a real disk, by the real program.
//
//   MUSTER_SHIM_ROOT          the directory that is watched
//   MUSTER_SHIM_LOG           the file of notes; made anew at the start
//   MUSTER_SHIM_KEPT          how the paths begin at which removed files are kept until that is durable, on the directory's file system
//   MUSTER_SHIM_FSYNC_EIO_AT  the n-th sync of something below the directory fails with EIO
//   MUSTER_SHIM_LIES          if set, a sync says that it is done and does nothing: the test of the tests
//
//   file  := "mustrcut" end:8 note*        little endian, as the machine has it; end: of the last note, from the front of the file
//   note  := size:4 kind:1 live:1 reserved:2 inode:8 offset:8 length:8 old_size:8 path:2+n other:2+n old bytes, to a multiple of 8
//   kind  := 1 write (length bytes at offset of the file of that inode; the old bytes, as far as there were any)
//          | 2 create path | 3 rename path to other (old bytes: where the replaced file is kept) | 4 unlink path (likewise)
//          | 5 mkdir path | 6 rmdir path
// A note whose change is durable is no longer live.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kLogBytes = std::size_t{1} << 30U;  // sparse
constexpr std::size_t kHeaderBytes = 16;

enum class Kind : std::uint8_t { write = 1, create, rename, unlink, mkdir, rmdir };

struct Fixed {
  std::uint32_t size = 0;
  Kind kind{};
  std::uint8_t live = 1;
  std::uint16_t reserved = 0;
  std::uint64_t inode = 0, offset = 0, length = 0, old_size = 0;
};

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

[[noreturn]] void give_up(const char* why) {
  (void)std::fprintf(stderr, "power_cut: %s: %s\n", why, std::strerror(errno));
  std::abort();
}

std::string directory_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string tidy(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

class Shim {
 public:
  Shim() {
    const char* const root = std::getenv("MUSTER_SHIM_ROOT");
    const char* const log = std::getenv("MUSTER_SHIM_LOG");
    const char* const kept = std::getenv("MUSTER_SHIM_KEPT");
    if (root == nullptr || log == nullptr || kept == nullptr) return;
    root_ = tidy(root);
    kept_ = kept;
    if (const char* const at = std::getenv("MUSTER_SHIM_FSYNC_EIO_AT"))
      eio_at_ = std::strtoul(at, nullptr, 10);
    lies_ = std::getenv("MUSTER_SHIM_LIES") != nullptr;
    const int fd =
        next<int (*)(const char*, int, ...)>("open")(log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(kLogBytes)) != 0) give_up("cannot make the notes");
    void* const mapped = ::mmap(nullptr, kLogBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) give_up("cannot map the notes");
    base_ = static_cast<char*>(mapped);
    std::memcpy(base_, "mustrcut", 8);
    set_end(kHeaderBytes);
  }

  [[nodiscard]] bool watches(const std::string& path) const {
    return base_ != nullptr && (path == root_ || path.rfind(root_ + "/", 0) == 0);
  }

  // --- what changes something ---

  void opened(int fd, const std::string& path, bool created) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return;
    const std::lock_guard lock(mutex_);
    open_[fd] = {status.st_ino, S_ISDIR(status.st_mode) ? tidy(path) : std::string()};
    if (created) note({0, Kind::create}, path, {}, {});
  }
  void closed(int fd) {
    const std::lock_guard lock(mutex_);
    open_.erase(fd);
  }
  // Of a file that is about to be overwritten from `offset` on, or emptied.
  void before_write(int fd, std::uint64_t offset, std::size_t length) {
    const std::lock_guard lock(mutex_);
    const auto file = open_.find(fd);
    struct stat status {};
    if (file == open_.end() || ::fstat(fd, &status) != 0) return;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    std::string old(offset < size ? std::min<std::uint64_t>(length, size - offset) : 0, '\0');
    if (!old.empty() && ::pread(fd, old.data(), old.size(), static_cast<off_t>(offset)) < 0)
      give_up("cannot read what is overwritten");
    note({0, Kind::write, 1, 0, file->second.inode, offset, length, size}, {}, {}, old);
  }
  // Keeps what is about to vanish; empty: nothing is there.
  std::string keep(const std::string& path) {
    const std::lock_guard lock(mutex_);
    std::string kept = kept_ + std::to_string(++kept_count_);
    return ::link(path.c_str(), kept.c_str()) == 0 ? kept : std::string();
  }
  void changed(Kind kind, const std::string& path, const std::string& other, const std::string& kept) {
    const std::lock_guard lock(mutex_);
    note({0, kind}, path, other, kept);
  }

  // --- syncs ---

  // What was noted before it began is durable after it.
  template <class Sync>
  int sync(int fd, Sync really) {
    Open what;
    std::uint64_t begun = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto found = open_.find(fd);
      if (found == open_.end()) return really(fd);
      what = found->second;
      begun = end_;
      if (++syncs_ == eio_at_) {
        errno = EIO;
        return -1;
      }
      if (lies_) return 0;
    }
    const int result = really(fd);
    if (result == 0) forget(what, begun);
    return result;
  }

 private:
  struct Open {
    std::uint64_t inode = 0;
    std::string directory;  // if it is one
  };
  struct Live {
    std::size_t at = 0;
    std::uint64_t inode = 0;  // of a write
    std::string directory;    // else: that it changed
    std::string kept;
  };

  void set_end(std::uint64_t end) {
    end_ = end;
    std::memcpy(base_ + 8, &end, sizeof(end));
  }
  void note(Fixed fixed, const std::string& path, const std::string& other, const std::string& old);
  void forget(const Open& what, std::uint64_t before);

  std::string root_, kept_;
  char* base_ = nullptr;
  std::uint64_t end_ = 0;
  std::mutex mutex_;
  std::map<int, Open> open_;
  std::vector<Live> live_;
  std::uint64_t kept_count_ = 0, syncs_ = 0, eio_at_ = 0;
  bool lies_ = false;
};

void Shim::note(Fixed fixed, const std::string& path, const std::string& other, const std::string& old) {
  std::string bytes(sizeof(Fixed), '\0');
  for (const std::string* each : {&path, &other}) {
    const auto size = static_cast<std::uint16_t>(each->size());
    bytes.append(reinterpret_cast<const char*>(&size), sizeof(size));
    bytes += *each;
  }
  bytes += old;
  fixed.size = static_cast<std::uint32_t>(bytes.size());
  std::memcpy(bytes.data(), &fixed, sizeof(fixed));
  bytes.resize((bytes.size() + 7) / 8 * 8);
  if (live_.empty()) set_end(kHeaderBytes);  // all before it is durable
  if (end_ + bytes.size() > kLogBytes) give_up("too much is not synced");
  std::memcpy(base_ + end_, bytes.data(), bytes.size());
  const bool is_write = fixed.kind == Kind::write;
  live_.push_back(
      {end_, fixed.inode, is_write ? std::string() : directory_of(path), is_write ? std::string() : old});
  set_end(end_ + bytes.size());
}

void Shim::forget(const Open& what, std::uint64_t before) {
  const std::lock_guard lock(mutex_);
  std::vector<Live> left;
  for (Live& each : live_) {
    const bool synced = what.directory.empty() ? each.directory.empty() && each.inode == what.inode
                                               : each.directory == what.directory;
    if (!synced || each.at >= before) {
      left.push_back(std::move(each));
      continue;
    }
    base_[each.at + offsetof(Fixed, live)] = 0;
    if (!each.kept.empty()) (void)::remove(each.kept.c_str());
  }
  live_ = std::move(left);
}

Shim& shim() {
  static Shim* const only = new Shim;  // for as long as the process lives
  return *only;
}

int open_watched(const char* name, const char* path, int flags, mode_t mode) {
  const auto real = next<int (*)(const char*, int, ...)>(name);
  if (!shim().watches(path)) return real(path, flags, mode);
  const bool is_there = ::access(path, F_OK) == 0;
  const int fd = real(path, flags & ~O_TRUNC, mode);
  if (fd < 0) return fd;
  shim().opened(fd, path, !is_there && (flags & O_CREAT) != 0);
  struct stat status {};
  if ((flags & O_TRUNC) != 0 && ::fstat(fd, &status) == 0 && status.st_size > 0) {
    shim().before_write(fd, 0, static_cast<std::size_t>(status.st_size));
    if (::ftruncate(fd, 0) != 0) give_up("cannot empty a file");
  }
  return fd;
}

mode_t mode_of(int flags, std::va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

ssize_t write_watched(const char* name, int fd, const void* bytes, size_t count, off_t offset) {
  shim().before_write(fd, static_cast<std::uint64_t>(offset), count);
  return next<ssize_t (*)(int, const void*, size_t, off_t)>(name)(fd, bytes, count, offset);
}

// A change of names that succeeded is noted after it: without the note it passes for a durable one.
template <class Change>
int change(Kind kind, const char* path, const char* other, bool keeps, Change really) {
  if (!shim().watches(path)) return really();
  const std::string kept = keeps ? shim().keep(other != nullptr ? other : path) : std::string();
  const int result = really();
  if (result == 0) shim().changed(kind, path, other != nullptr ? other : "", kept);
  return result;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_watched("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_watched("open64", path, flags, mode);
}
int close(int fd) {
  shim().closed(fd);
  return next<int (*)(int)>("close")(fd);
}
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  return write_watched("pwrite", fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t count, off_t offset) {
  return write_watched("pwrite64", fd, bytes, count, offset);
}
int fdatasync(int fd) { return shim().sync(fd, next<int (*)(int)>("fdatasync")); }
int fsync(int fd) { return shim().sync(fd, next<int (*)(int)>("fsync")); }
int rename(const char* from, const char* to) noexcept {
  return change(Kind::rename, from, to, true,
                [=] { return next<int (*)(const char*, const char*)>("rename")(from, to); });
}
int unlink(const char* path) noexcept {
  return change(Kind::unlink, path, nullptr, true,
                [=] { return next<int (*)(const char*)>("unlink")(path); });
}
int mkdir(const char* path, mode_t mode) noexcept {
  return change(Kind::mkdir, path, nullptr, false,
                [=] { return next<int (*)(const char*, mode_t)>("mkdir")(path, mode); });
}
int rmdir(const char* path) noexcept {
  return change(Kind::rmdir, path, nullptr, false, [=] { return next<int (*)(const char*)>("rmdir")(path); });
}

}  // extern "C"
