// A node as it was lately, at hand without asking a server, and being told when it changes.
//
//   const muster::recipes::NodeCache colour(client, "/colour");
//   auto state = co_await colour.newer();              // the first: once it is read
//   for (;;) {
//     paint(state->value ? state->value->data : "grey");
//     state = co_await colour.newer(state->revision);  // it has changed since
//   }
//
// Guarantees: what is shown was so at some moment, and never goes back; what is there at last is shown at last, across broken
// connections and changes of servers. Several changes in a row may be shown as one. Without a connection the last
// state stays: look at Client::state() where old data do harm.
//
// A cache keeps its client's session and asks nothing of a server while nothing changes. It may be used from any thread.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace muster::recipes {

struct NodeState {
  std::uint64_t revision = 0;  // 1, 2, … of this cache; 0: nothing is known yet
  std::optional<Value> value;  // nothing: there is no such node. Of its children its Stat may be out of date
};

class NodeCache {
 public:
  // Begins to follow the node, which need not exist.
  NodeCache(const Client& client, std::string path);
  NodeCache(NodeCache&&) noexcept;
  NodeCache& operator=(NodeCache&&) noexcept;
  ~NodeCache();  // what waits is aborted

  // The latest.
  [[nodiscard]] std::shared_ptr<const NodeState> state() const;
  // The latest, as soon as it is newer than `revision`. Throws: what ended the session, or forbids to read the node
  // (no_auth, bad_arguments): then the cache follows no more, and keeps what it knew; operation_aborted (cancelled, or this
  // object was destroyed). Cancellation ends that wait only.
  [[nodiscard]] asio::awaitable<std::shared_ptr<const NodeState>> newer(std::uint64_t revision = 0) const;

 private:
  class Follower;
  std::shared_ptr<Follower> follower_;
};

}  // namespace muster::recipes
