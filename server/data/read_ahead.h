// The next parts of something, read on a thread of its own while those before are being used.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace muster::data {

template <class Part>
class ReadAhead {
 public:
  // `read` is called until it gives an empty part, or throws. Nobody else may use what it uses until the end was handed out, or
  // this is destroyed. At most `parts` lie ready.
  ReadAhead(std::function<Part()> read, std::size_t parts)
      : read_(std::move(read)), most_(parts), thread_([this] { loop(); }) {}
  ~ReadAhead() {
    {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Throws what reading it threw. Not to be called again after the end, an empty part.
  Part next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !parts_.empty() || failure_; });
    if (parts_.empty()) std::rethrow_exception(failure_);
    Part part = std::move(parts_.front());
    parts_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return part;
  }

 private:
  void loop() {
    try {
      for (bool more = true; more;) {
        Part part = read_();
        more = !part.empty();
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return parts_.size() < most_ || abandoned_; });
        if (abandoned_) return;
        parts_.push_back(std::move(part));
        lock.unlock();
        changed_.notify_all();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      changed_.notify_all();
    }
  }

  std::function<Part()> read_;
  std::size_t most_;
  std::mutex mutex_;  // guards the next three
  std::deque<Part> parts_;
  std::exception_ptr failure_;
  bool abandoned_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace muster::data
