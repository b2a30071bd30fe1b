// Being told what becomes of a session.
#pragma once

#include <muster/detail/initiate.h>
#include <muster/event.h>

#include <memory>

namespace muster {

namespace client {
class SessionQueue;
}

// The states that a session goes through: of Client::session_events(). At first the state as it is then. May outlive
// its client.
class SessionEvents {
 public:
  using event_type = SessionState;

  SessionEvents() noexcept;  // of no session
  SessionEvents(SessionEvents&&) noexcept;
  SessionEvents& operator=(SessionEvents&&) noexcept;
  ~SessionEvents();
  [[nodiscard]] explicit operator bool() const noexcept { return queue_ != nullptr; }

  // The next state: void(error_code, SessionState). After the last one (see is_over) it fails with session_expired,
  // closing or auth_failed. Other errors: operation_aborted (cancelled, or this object was destroyed); bad_arguments
  // (of no session). Cancellation (any type) loses no state. When more than max_events wait, the oldest go.
  template <class Token = asio::deferred_t>
  auto async_next(Token&& token = {}) const {
    return detail::initiate(Waiter{queue_}, &Waiter::start, std::forward<Token>(token));
  }

 private:
  friend class client::SessionQueue;
  struct Waiter {
    std::shared_ptr<client::SessionQueue> queue;
    [[nodiscard]] asio::any_io_executor get_executor() const;
    void start(detail::Handler<SessionState> handler) const;
  };
  explicit SessionEvents(std::shared_ptr<client::SessionQueue> queue) noexcept;
  std::shared_ptr<client::SessionQueue> queue_;
};

}  // namespace muster
