#include "server/runtime/disk_thread.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "server/runtime/logging.h"

namespace muster::runtime {

void die_of_disk(const std::string& why) {
  log::error(why);
  ::_exit(exit_disk_failed);
}

DiskThread::DiskThread(storage::Durable& durable, Report report)
    : durable_(durable), report_(std::move(report)), thread_([this] { loop(); }) {}

DiskThread::~DiskThread() { finish(); }

void DiskThread::persist(broadcast::Persist work) {
  // std::function must be copyable; the entries are not copied with it.
  run([this, shared = std::make_shared<broadcast::Persist>(std::move(work))] {
    durable_.perform(*shared);
    report_.persisted(shared->ticket);
  });
}

void DiskThread::fetch(broadcast::Fetch work) {
  run([this, work] {
    // A truncation or a purge that came in between may have taken the range; then its asker has no use for it.
    const Zxid to = std::min(work.to, durable_.last());
    const bool gone = work.from > to || work.from < durable_.first();
    report_.fetched(work.ticket,
                    gone ? std::vector<broadcast::Entry>() : durable_.read(work.from, to, work.max_bytes));
  });
}

void DiskThread::run(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void DiskThread::finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void DiskThread::loop() {
  for (;;) {
    std::vector<std::function<void()>> ready;
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
