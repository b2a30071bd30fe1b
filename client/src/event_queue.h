// Events on their way from a session to whoever waits for them, on any thread.
#pragma once

#include <muster/event.h>
#include <muster/session.h>
#include <muster/watch.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/src/posting.h"
#include "client/src/watch_registry.h"

namespace muster::client {

// What both kinds of queue do. Handlers are posted and destroyed outside the lock: they are the user's code.
template <class Event>
class EventQueue : public std::enable_shared_from_this<EventQueue<Event>> {
  struct Waiter {
    std::uint64_t number;
    detail::Handler<Event> handler;
  };

 public:
  EventQueue(asio::any_io_executor executor, std::size_t limit)
      : executor_(std::move(executor)), limit_(limit) {}
  virtual ~EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }

  void push(Event event) {
    std::vector<std::pair<Waiter, Event>> served;
    {
      const std::lock_guard lock(mutex_);
      if (end_) return;
      if (events_.size() >= limit_) make_room(events_);
      events_.push_back(std::move(event));
      while (!waiters_.empty() && !events_.empty()) {
        served.emplace_back(std::move(waiters_.front()), take(events_));
        waiters_.pop_front();
      }
    }
    for (auto& [waiter, told] : served)
      post_to(std::move(waiter.handler), executor_, error_code(), std::move(told));
  }

  // No event comes any more: once those that wait are fetched, that is told.
  void end(error_code why) { stop(why, false); }
  // Nobody fetches any more.
  void abort() { stop(asio::error::operation_aborted, true); }
  // The context is going: handlers are destroyed, not called.
  void abandon() {
    std::deque<Waiter> waiters;
    const std::lock_guard lock(mutex_);
    waiters.swap(waiters_);
    end_ = asio::error::operation_aborted;
  }

  void wait(detail::Handler<Event> handler) {
    std::unique_lock lock(mutex_);
    if (!events_.empty() || end_) {
      const error_code error = events_.empty() ? *end_ : error_code();
      Event event = events_.empty() ? Event() : take(events_);
      lock.unlock();
      return post_to(std::move(handler), executor_, error, std::move(event));
    }
    const std::uint64_t number = next_number_++;
    on_cancellation(handler, [queue = this->weak_from_this(), number] {
      if (const auto self = queue.lock()) self->cancel(number);
    });
    waiters_.push_back({number, std::move(handler)});
  }

 protected:
  virtual Event take(std::deque<Event>& events) {
    Event event = std::move(events.front());
    events.pop_front();
    return event;
  }
  virtual void make_room(std::deque<Event>& events) = 0;

 private:
  void stop(error_code why, bool drop_events) {
    std::deque<Waiter> waiters;
    {
      const std::lock_guard lock(mutex_);
      if (drop_events) events_.clear();
      if (!end_ || drop_events) end_ = why;
      waiters.swap(waiters_);
    }
    for (Waiter& waiter : waiters) post_to(std::move(waiter.handler), executor_, why, Event());
  }

  void cancel(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    for (auto at = waiters_.begin(); at != waiters_.end(); ++at) {
      if (at->number != number) continue;
      Waiter waiter = std::move(*at);
      waiters_.erase(at);
      lock.unlock();
      return post_to(std::move(waiter.handler), executor_, asio::error::operation_aborted, Event());
    }
  }

  const asio::any_io_executor executor_;
  const std::size_t limit_;
  std::mutex mutex_;
  std::deque<Event> events_;
  std::deque<Waiter> waiters_;
  std::uint64_t next_number_ = 0;
  std::optional<error_code> end_;
};

class Core;

class WatchQueue : public EventQueue<WatchedEvent> {
 public:
  // Of the path as the caller knows it.
  WatchQueue(const std::shared_ptr<Core>& core, WatchId id, std::string path, bool one_shot);

  [[nodiscard]] bool one_shot() const { return one_shot_; }
  static Watch watch(std::shared_ptr<WatchQueue> queue) { return Watch(std::move(queue)); }
  static WatchStream stream(std::shared_ptr<WatchQueue> queue) { return WatchStream(std::move(queue)); }
  // The user's object is gone.
  void drop();

 private:
  WatchedEvent take(std::deque<WatchedEvent>& events) override;
  void make_room(std::deque<WatchedEvent>& events) override;

  const std::weak_ptr<Core> core_;
  const WatchId id_;
  const std::string path_;
  const bool one_shot_;
};

class SessionQueue : public EventQueue<SessionState> {
 public:
  using EventQueue::EventQueue;
  static SessionEvents events(std::shared_ptr<SessionQueue> queue) { return SessionEvents(std::move(queue)); }

 private:
  void make_room(std::deque<SessionState>& events) override { events.pop_front(); }
};

}  // namespace muster::client
