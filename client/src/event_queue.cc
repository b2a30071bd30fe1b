#include "client/src/event_queue.h"

#include <boost/asio/system_executor.hpp>

#include "client/src/core.h"

namespace muster {
namespace client {

WatchQueue::WatchQueue(const std::shared_ptr<Core>& core, WatchId id, std::string path, bool one_shot)
    : EventQueue(core->executor(), core->config().max_events),
      core_(core),
      id_(id),
      path_(std::move(path)),
      one_shot_(one_shot) {}

void WatchQueue::drop() {
  abort();
  if (const auto core = core_.lock()) core->drop_watch(id_);
}

// A one-shot watch that has fired stays so.
WatchedEvent WatchQueue::take(std::deque<WatchedEvent>& events) {
  return one_shot_ ? events.front() : EventQueue::take(events);
}

// A gap stands in front for those that went.
void WatchQueue::make_room(std::deque<WatchedEvent>& events) {
  events.pop_front();
  if (!events.empty()) events.front() = {EventType::gap, path_};
}

namespace {

// Waits on what may be nothing.
template <class Queue, class Event>
void wait_on(const std::shared_ptr<Queue>& queue, detail::Handler<Event> handler) {
  if (queue) return queue->wait(std::move(handler));
  post_to(std::move(handler), asio::system_executor(), make_error_code(ErrorCode::bad_arguments), Event());
}

template <class Queue>
asio::any_io_executor executor_of(const std::shared_ptr<Queue>& queue) {
  return queue ? queue->executor() : asio::any_io_executor(asio::system_executor());
}

}  // namespace
}  // namespace client

Watch::Watch() noexcept = default;
Watch::Watch(std::shared_ptr<client::WatchQueue> queue) noexcept : queue_(std::move(queue)) {}
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch&& other) noexcept {
  Watch taken(std::move(other));
  std::swap(queue_, taken.queue_);  // the old one ends with `taken`
  return *this;
}
Watch::~Watch() {
  if (queue_) queue_->drop();
}
asio::any_io_executor Watch::Waiter::get_executor() const { return client::executor_of(queue); }
void Watch::Waiter::start(detail::Handler<WatchedEvent> handler) const {
  client::wait_on(queue, std::move(handler));
}

WatchStream::WatchStream() noexcept = default;
WatchStream::WatchStream(std::shared_ptr<client::WatchQueue> queue) noexcept : queue_(std::move(queue)) {}
WatchStream::WatchStream(WatchStream&&) noexcept = default;
WatchStream& WatchStream::operator=(WatchStream&& other) noexcept {
  WatchStream taken(std::move(other));
  std::swap(queue_, taken.queue_);  // the old one ends with `taken`
  return *this;
}
WatchStream::~WatchStream() {
  if (queue_) queue_->drop();
}
asio::any_io_executor WatchStream::Waiter::get_executor() const { return client::executor_of(queue); }
void WatchStream::Waiter::start(detail::Handler<WatchedEvent> handler) const {
  client::wait_on(queue, std::move(handler));
}

SessionEvents::SessionEvents() noexcept = default;
SessionEvents::SessionEvents(std::shared_ptr<client::SessionQueue> queue) noexcept
    : queue_(std::move(queue)) {}
SessionEvents::SessionEvents(SessionEvents&&) noexcept = default;
SessionEvents& SessionEvents::operator=(SessionEvents&& other) noexcept {
  SessionEvents taken(std::move(other));
  std::swap(queue_, taken.queue_);  // the old one ends with `taken`
  return *this;
}
SessionEvents::~SessionEvents() {
  if (queue_) queue_->abort();
}
asio::any_io_executor SessionEvents::Waiter::get_executor() const { return client::executor_of(queue); }
void SessionEvents::Waiter::start(detail::Handler<SessionState> handler) const {
  client::wait_on(queue, std::move(handler));
}

}  // namespace muster
