#include "server/runtime/work_thread.h"

#include <unistd.h>

#include <exception>
#include <utility>

#include "server/runtime/logging.h"
#include "server/storage/background.h"

namespace muster::runtime {

void die_of_disk(const std::string& why) {
  log::error(why);
  ::_exit(exit_disk_failed);
}

WorkThread::WorkThread(bool background)
    : thread_([this, background] {
        if (background) storage::yield_to_others();
        loop();
      }) {}

void WorkThread::run(Work work) {
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void WorkThread::finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void WorkThread::loop() {
  for (;;) {
    std::vector<Work> ready;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !work_.empty() || finishing_; });
      if (work_.empty()) return;
      ready.swap(work_);
    }
    try {
      for (auto& work : ready) work();
    } catch (const std::exception& error) {
      die_of_disk(error.what());
    }
  }
}

}  // namespace muster::runtime
