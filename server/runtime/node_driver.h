// Feeds Node and empties it: after the inputs of one turn of the loop, one drain. Node thread only.
#pragma once

#include <functional>
#include <utility>

#include "common/clock.h"
#include "server/node/node.h"
#include "server/runtime/asio.h"

namespace muster::runtime {

class NodeDriver {
 public:
  // What becomes of outputs, in order: `output`, then `flush`.
  struct Route {
    std::function<void(node::Output output)> output;
    std::function<void()> flush;
  };

  NodeDriver(asio::io_context& io, node::Node node, Route route);

  // `feed(Node&, Now)` gives the node one input.
  template <class Feed>
  void input(Feed feed) {
    ++inputs_;
    feed(node_, in_turn_ ? turn_began_ : now());
    filled_ = true;
    if (!in_turn_) schedule_drain();
  }
  // `work` gives the node inputs; then, without waiting for whatever else is due, it is emptied.
  void turn(const std::function<void()>& work);

  [[nodiscard]] static Now now();
  [[nodiscard]] const node::Node& node() const { return node_; }
  [[nodiscard]] std::uint64_t inputs() const { return inputs_; }

 private:
  // Posted, so that it runs after the handlers that are ready now.
  void schedule_drain();
  void drain();

  asio::io_context& io_;
  node::Node node_;
  Route route_;
  bool filled_ = false;  // since it was emptied
  bool in_turn_ = false;
  Now turn_began_;  // a turn is short
  bool scheduled_ = false;
  std::uint64_t inputs_ = 0;
};

}  // namespace muster::runtime
