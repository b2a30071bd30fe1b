#include "server/runtime/ticker.h"

#include <chrono>
#include <utility>

namespace muster::runtime {

Ticker::Ticker(asio::io_context& io, NodeDriver& driver, std::int64_t interval_ms,
               std::function<void(Now)> on_tick)
    : io_(io), driver_(driver), interval_ms_(interval_ms), on_tick_(std::move(on_tick)), timer_(io) {}

void Ticker::start() {
  last_ms_ = NodeDriver::now().mono_ms;
  wait();
}

void Ticker::close() {
  closed_ = true;
  timer_.cancel();
}

void Ticker::wait() {
  timer_.expires_after(std::chrono::milliseconds(interval_ms_));
  timer_.async_wait([this](const error_code& error) {
    if (!error && !closed_) due();
  });
}

void Ticker::due() {
  due_ms_ = NodeDriver::now().mono_ms;
  asio::post(io_, [this, inputs = driver_.inputs()] { tick_after(inputs); });
}

void Ticker::tick_after(std::uint64_t inputs) {
  if (closed_) return;
  const Now now = NodeDriver::now();
  const bool late = due_ms_ - last_ms_ > 2 * interval_ms_;
  if (late && driver_.inputs() != inputs && now.mono_ms - due_ms_ < interval_ms_) {
    asio::post(io_, [this, seen = driver_.inputs()] { tick_after(seen); });
    return;
  }
  last_ms_ = now.mono_ms;
  driver_.input([](node::Node& node, Now at) { node.tick(at); });
  on_tick_(now);
  wait();
}

}  // namespace muster::runtime
