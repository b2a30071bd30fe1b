// Being told of changes.
//
//   auto [value, watch] = co_await client.async_get_and_watch("/config");
//   co_await watch.async_wait();                       // "/config" changed, or was deleted: read it again
//
//   auto changes = co_await client.async_watch("/services", muster::WatchMode::recursive);
//   for (;;) {
//     const muster::WatchedEvent event = co_await changes.async_next();
//     if (event.type == muster::EventType::gap) …      // read everything again
//   }
//
// An event arrives before the answer of any read that shows the change. Changing the node is no part of the event: read
// it again. Rules: ZooKeeper programmer's guide, "ZooKeeper watches".
//
// Watches are set again on each new server. Destroying a Watch or WatchStream ends it (what waits for it is aborted)
// and, when it was the last of its path, tells the server. One may outlive its Client; it then says why the session
// ended. Cancellation (any type) of a wait ends that wait only; no event is lost by it.
#pragma once

#include <muster/detail/initiate.h>
#include <muster/event.h>

#include <memory>

namespace muster {

namespace client {
class WatchQueue;
}

// One event, once: of async_get_and_watch (data changed, deleted), async_exists_and_watch (created, data changed,
// deleted) or async_children_and_watch (children changed, deleted). It also tells of what happened while no server was
// connected.
class Watch {
 public:
  using event_type = WatchedEvent;

  Watch() noexcept;  // watches nothing
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;
  ~Watch();
  [[nodiscard]] explicit operator bool() const noexcept { return queue_ != nullptr; }

  // Waits for the event: void(error_code, WatchedEvent). Once it is there every wait completes with it. Errors:
  // session_expired, closing, auth_failed (the session ended first); operation_aborted (cancelled, or this object was
  // destroyed); bad_arguments (watches nothing).
  template <class Token = asio::deferred_t>
  auto async_wait(Token&& token = {}) const {
    return detail::initiate(Waiter{queue_}, &Waiter::start, std::forward<Token>(token));
  }

 private:
  friend class client::WatchQueue;
  struct Waiter {
    std::shared_ptr<client::WatchQueue> queue;
    [[nodiscard]] asio::any_io_executor get_executor() const;
    void start(detail::Handler<WatchedEvent> handler) const;
  };
  explicit Watch(std::shared_ptr<client::WatchQueue> queue) noexcept;
  std::shared_ptr<client::WatchQueue> queue_;
};

// Every change from now on, in order: of async_watch.
class WatchStream {
 public:
  using event_type = WatchedEvent;

  WatchStream() noexcept;  // watches nothing
  WatchStream(WatchStream&&) noexcept;
  WatchStream& operator=(WatchStream&&) noexcept;
  ~WatchStream();
  [[nodiscard]] explicit operator bool() const noexcept { return queue_ != nullptr; }

  // The next event: void(error_code, WatchedEvent). Several waits are served in their order. Errors as for
  // Watch::async_wait; events that came before the session's end are given first.
  template <class Token = asio::deferred_t>
  auto async_next(Token&& token = {}) const {
    return detail::initiate(Waiter{queue_}, &Waiter::start, std::forward<Token>(token));
  }

 private:
  friend class client::WatchQueue;
  struct Waiter {
    std::shared_ptr<client::WatchQueue> queue;
    [[nodiscard]] asio::any_io_executor get_executor() const;
    void start(detail::Handler<WatchedEvent> handler) const;
  };
  explicit WatchStream(std::shared_ptr<client::WatchQueue> queue) noexcept;
  std::shared_ptr<client::WatchQueue> queue_;
};

}  // namespace muster
