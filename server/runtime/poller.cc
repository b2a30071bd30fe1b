#include "server/runtime/poller.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/check.h"

namespace muster::runtime {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

int new_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return set;
}

}  // namespace

Poller::Poller(asio::io_context& io, Turn turn)
    : io_(io), turn_(std::move(turn)), set_(io, new_set()), buffer_(kBufferBytes, '\0') {}

void Poller::start() { wait(); }

void Poller::close() {
  error_code ignored;
  set_.close(ignored);
}

Poller::Id Poller::add(int fd, Pollable& pollable) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back();
  }
  const std::uint32_t place = free_.back();
  const Id id = Id{places_[place].generation} << 32U | place;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = id;
  if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  free_.pop_back();
  places_[place].pollable = &pollable;
  return id;
}

// Closing the descriptor takes it out of the set; what the set had told of it already finds nobody.
void Poller::remove(Id id) {
  CHECK(find(id) != nullptr, "only what was added is removed, once");
  Place& place = places_[place_of(id)];
  place.pollable = nullptr;
  ++place.generation;
  free_.push_back(place_of(id));
}

Pollable* Poller::find(Id id) const {
  const Place& place = places_[place_of(id)];
  return place.generation == generation_of(id) ? place.pollable : nullptr;
}

void Poller::again(Id id) {
  again_.push_back(id);
  if (posted_) return;
  posted_ = true;
  asio::post(io_, [this] {
    posted_ = false;
    turn_([this] { tell_again(); });
  });
}

void Poller::tell_again() {
  for (const Id id : std::exchange(again_, {}))
    if (Pollable* pollable = find(id)) pollable->on_ready({true, false, false});
}

void Poller::wait() {
  set_.async_wait(asio::posix::descriptor_base::wait_read, [this](const error_code& error) {
    if (error) return;
    turn_([this] { tell_ready(); });
    if (set_.is_open()) wait();
  });
}

// No more than fit: the wait that follows finds the rest at once, after whatever else is due.
void Poller::tell_ready() {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(set_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Pollable::Ready ready;
    ready.ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    ready.readable = (event.events & EPOLLIN) != 0 || ready.ended;
    ready.writable = (event.events & EPOLLOUT) != 0 || ready.ended;
    if (Pollable* pollable = find(event.data.u64)) pollable->on_ready(ready);
  }
}

}  // namespace muster::runtime
