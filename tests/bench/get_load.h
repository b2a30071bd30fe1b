// What the three programs that read the same node again and again share: each keeps a window of gets in flight on each of
// some connections until enough are answered, and prints what that cost.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace muster::bench {

struct GetLoad {
  std::string servers, path;
  int connections = 0;
  int window = 0;              // gets in flight on each
  std::int64_t gets_each = 0;  // on each connection, of those that are measured
  std::int64_t warm_up_each = 0;
};

inline GetLoad get_load_of(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: %s SERVERS PATH CONNECTIONS WINDOW GETS\n", argv[0]);
    std::exit(2);
  }
  GetLoad load{argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]), 0, 0};
  load.gets_each = std::atoll(argv[5]) / load.connections;
  load.warm_up_each = load.gets_each / 10;
  return load;
}

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::_Exit(1);
}

// From its making until report(): the whole process's time.
class Meter {
 public:
  void report(const GetLoad& load) const {
    const rusage used = now_used();
    const double gets = static_cast<double>(load.gets_each * load.connections);
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started_;
    std::printf("{\"gets_per_second\": %.0f, \"user_us\": %.4f, \"system_us\": %.4f}\n", gets / wall.count(),
                us(used.ru_utime, used_.ru_utime) / gets, us(used.ru_stime, used_.ru_stime) / gets);
    std::fflush(stdout);
  }

 private:
  static rusage now_used() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return used;
  }
  static double us(const timeval& to, const timeval& from) {
    return static_cast<double>(to.tv_sec - from.tv_sec) * 1e6 +
           static_cast<double>(to.tv_usec - from.tv_usec);
  }

  rusage used_ = now_used();
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace muster::bench
