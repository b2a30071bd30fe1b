// What a client has of the machine that it runs on: a clock, chance, a timer, sockets. machine() is the real one; tests and
// the simulator bring their own (testing.h), so that the same client runs there in simulated time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "client/src/link.h"

namespace muster::client {

class Timer {
 public:
  virtual ~Timer() = default;
  // `fire` is called on the strand at that time (or soon, if it has passed), never from within this call. Takes the place
  // of what was set before.
  virtual void set(std::int64_t at_ms, std::function<void()> fire) = 0;
  virtual void cancel() = 0;  // and lets go of `fire`
};

class Platform {
 public:
  virtual ~Platform() = default;
  [[nodiscard]] virtual std::int64_t now_ms() const = 0;  // monotonic; any thread
  [[nodiscard]] virtual std::uint64_t random_seed() = 0;
  [[nodiscard]] virtual std::unique_ptr<Timer> make_timer(const boost::asio::any_io_executor& strand) = 0;
  [[nodiscard]] virtual std::unique_ptr<Link> make_link(const boost::asio::any_io_executor& strand,
                                                        std::weak_ptr<Link::Listener> listener) = 0;
};

[[nodiscard]] std::shared_ptr<Platform> machine();

}  // namespace muster::client
