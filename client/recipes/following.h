// What both caches have in common: a part of the tree that is followed in the background, its state with a revision, and
// whoever waits for a newer one.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/strand.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "client/recipes/waiters.h"

namespace muster::recipes {

// The handlers of what it asks run on a strand, and keep it. stop() lets go of the client and of the watch, so that those
// handlers come to an end; it may be called from any thread, also when the context is gone.
class Following : public std::enable_shared_from_this<Following> {
 public:
  explicit Following(const Client& client)
      : strand_(asio::make_strand(client.get_executor())),
        client_(client.with_timeout(std::chrono::milliseconds(0))) {}
  virtual ~Following() = default;
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  void stop() {
    end(asio::error::operation_aborted);
    std::optional<Client> client;
    std::shared_ptr<const void> watch;
    const std::lock_guard lock(mutex_);
    client.swap(client_);
    watch.swap(watch_);
  }

  // Until there is a newer revision. To be kept by the caller's frame.
  [[nodiscard]] asio::awaitable<void> newer(std::uint64_t revision) {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (revision_ > revision) co_return;
      if (end_) throw boost::system::system_error(*end_);
      co_await waiters_.wait(std::move(lock));
    }
  }

 protected:
  using Strand = asio::strand<asio::any_io_executor>;

  template <class Function>
  auto on_strand(Function function) {
    return asio::bind_executor(
        strand_, [self = shared_from_this(), function](auto... values) mutable { function(values...); });
  }
  [[nodiscard]] const Strand& strand() const { return strand_; }

  // begin(client), unless stopped.
  template <class Begin>
  void ask(Begin begin) {
    std::unique_lock lock(mutex_);
    const std::optional<Client> client = client_;
    lock.unlock();
    if (client) begin(*client);
  }
  // Holds the watch until stop(), or the next one.
  template <class Watching>
  std::shared_ptr<const Watching> hold(Watching watching) {
    auto held = std::make_shared<const Watching>(std::move(watching));
    std::shared_ptr<const void> before = held;
    const std::lock_guard lock(mutex_);
    if (client_) watch_.swap(before);
    return held;
  }

  // Changes what the mutex guards: change(revision).
  template <class Change>
  void publish(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change(++revision_);
    }
    waiters_.wake();
  }
  // Nothing more is published.
  void end(error_code why) {
    {
      const std::lock_guard lock(mutex_);
      if (!end_) end_ = why;
    }
    waiters_.wake();
  }
  [[nodiscard]] std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }

 private:
  const Strand strand_;
  mutable std::mutex mutex_;  // guards what follows, and the states of those that follow
  std::optional<Client> client_;
  std::shared_ptr<const void> watch_;
  std::uint64_t revision_ = 0;
  std::optional<error_code> end_;
  Waiters waiters_;
};

// The state, as soon as it is newer. The frame keeps the follower.
template <class Follower>
auto newer_of(std::shared_ptr<Follower> follower, std::uint64_t revision)
    -> asio::awaitable<decltype(follower->state())> {
  co_await follower->newer(revision);
  co_return follower->state();
}

}  // namespace muster::recipes
