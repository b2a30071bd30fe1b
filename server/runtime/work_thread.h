// A thread that does what it is handed, in that order. A failure ends the process there and then (die_of_disk): what is done here is
// done to a disk, and nothing may be acknowledged after it failed.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace muster::runtime {

inline constexpr int exit_disk_failed = 3;

// Logs `why` and ends the process with that status.
[[noreturn]] void die_of_disk(const std::string& why);

class WorkThread {
 public:
  using Work = std::function<void()>;

  // `background`: what it does may wait while others have something to do.
  explicit WorkThread(bool background = false);
  ~WorkThread() { finish(); }
  WorkThread(const WorkThread&) = delete;
  WorkThread& operator=(const WorkThread&) = delete;

  void run(Work work);
  // Does what was handed over, then ends the thread. Nothing may be handed over after it.
  void finish();

 private:
  void loop();

  std::mutex mutex_;  // guards the next two
  std::vector<Work> work_;
  bool finishing_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace muster::runtime
