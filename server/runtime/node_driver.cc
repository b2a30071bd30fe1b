#include "server/runtime/node_driver.h"

#include <chrono>

namespace muster::runtime {

NodeDriver::NodeDriver(asio::io_context& io, node::Node node, Route route)
    : io_(io), node_(std::move(node)), route_(std::move(route)) {}

Now NodeDriver::now() {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  return {duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(),
          duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

void NodeDriver::schedule_drain() {
  if (scheduled_) return;
  scheduled_ = true;
  asio::post(io_, [this] {
    scheduled_ = false;
    if (filled_) drain();
  });
}

void NodeDriver::turn(const std::function<void()>& work) {
  turn_began_ = now();
  in_turn_ = true;
  work();
  in_turn_ = false;
  if (filled_) drain();
}

void NodeDriver::drain() {
  filled_ = false;
  for (;;) {
    node::Output output = node_.take_output(now());
    if (output.empty()) break;
    route_.output(std::move(output));
    route_.flush();
  }
}

}  // namespace muster::runtime
