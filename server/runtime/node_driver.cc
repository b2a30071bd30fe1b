#include "server/runtime/node_driver.h"

#include <chrono>
#include <utility>

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
  bool goes_on = false;
  for (;;) {
    node::Output output = node_.take_output(now());
    goes_on = output.to_go_on;
    if (output.empty()) break;
    route_.output(std::move(output));
    route_.flush();
  }
  if (goes_on && !std::exchange(going_on_, true)) asio::post(io_, [this] { go_on(); });
}

void NodeDriver::go_on() {
  going_on_ = false;
  input([](node::Node& node, Now at) { node.go_on(at); });
}

}  // namespace muster::runtime
