// A library for LD_PRELOAD by which a process' disk and clock misbehave on request, at once and as often as one likes:
// support/faulty_process.py writes into a file that is mapped here.
//
//   MUSTER_FAULTS     the file: three 64-bit numbers as the machine has them
//     hang            if not 0, a sync does not return until it is 0 again
//     fail            if not 0, a sync fails with EIO; what was written is where the kernel has it
//     clock_ms        is added to the wall clock. No other clock is touched
//
// Behind power_cut.so in LD_PRELOAD, a sync that fails here has made nothing durable there.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

struct Faults {
  std::atomic<std::int64_t> hang, fail, clock_ms;
};

const Faults* mapped() {
  const char* const file = std::getenv("MUSTER_FAULTS");
  if (file == nullptr) return nullptr;
  const int fd = ::open(file, O_RDONLY | O_CLOEXEC);
  void* const base = fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(Faults), PROT_READ, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) {
    (void)std::fprintf(stderr, "faulty_process: cannot map %s\n", file);
    std::abort();
  }
  ::close(fd);
  return static_cast<const Faults*>(base);
}

const Faults& faults() {
  static const Faults none{};
  static const Faults* const there = mapped();
  return there != nullptr ? *there : none;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

int sync(int fd, int (*really)(int)) {
  constexpr useconds_t look_again = 5000;
  while (faults().hang != 0) ::usleep(look_again);
  if (faults().fail != 0) {
    errno = EIO;
    return -1;
  }
  return really(fd);
}

}  // namespace

extern "C" {

int fdatasync(int fd) {
  static const auto really = next<int (*)(int)>("fdatasync");
  return sync(fd, really);
}
int fsync(int fd) {
  static const auto really = next<int (*)(int)>("fsync");
  return sync(fd, really);
}
int clock_gettime(clockid_t clock, timespec* at) noexcept {
  static const auto really = next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = really(clock, at);
  if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
  const std::int64_t ms = faults().clock_ms;
  at->tv_sec += ms / 1000;
  at->tv_nsec += ms % 1000 * 1'000'000;
  if (at->tv_nsec < 0 || at->tv_nsec >= 1'000'000'000) {
    const int carried = at->tv_nsec < 0 ? -1 : 1;
    at->tv_sec += carried;
    at->tv_nsec -= carried * std::int64_t{1'000'000'000};
  }
  return 0;
}
int gettimeofday(timeval* at, void* /*zone*/) noexcept {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t* at) noexcept {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (at != nullptr) *at = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
