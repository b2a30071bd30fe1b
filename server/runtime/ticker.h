// Ticks for the node, each after the input that was readable when it was due. So a machine that was paused
// first hears what its clients and the other servers said meanwhile, and only then judges who is late.
#pragma once

#include <functional>

#include "server/runtime/node_driver.h"

namespace muster::runtime {

class Ticker {
 public:
  // `on_tick` is called after the node's tick.
  Ticker(asio::io_context& io, NodeDriver& driver, std::int64_t interval_ms,
         std::function<void(Now)> on_tick);
  void start();
  void close();

 private:
  void wait();
  void due();
  // Ticks unless more input came since `inputs`, for which a late tick waits, but never longer than one
  // interval.
  void tick_after(std::uint64_t inputs);

  asio::io_context& io_;
  NodeDriver& driver_;
  std::int64_t interval_ms_;
  std::function<void(Now)> on_tick_;
  Timer timer_;
  std::int64_t last_ms_ = 0;
  std::int64_t due_ms_ = 0;
  bool closed_ = false;
};

}  // namespace muster::runtime
