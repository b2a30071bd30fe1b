// A node and all below it as they were lately, at hand without asking a server, and being told when they change.
//
//   const muster::recipes::TreeCache services(client, "/services");
//   auto state = co_await services.newer();              // the first: once all is read
//   for (;;) {
//     const auto next = co_await services.newer(state->revision);
//     for (const muster::WatchedEvent& change : difference(*state, *next)) …
//     state = next;
//   }
//
// Guarantees, across broken connections and changes of servers:
// - A state is the tree of one moment: what one transaction changed is seen together. States never go back.
// - What is there at last is shown at last. Several changes in a row may be shown as one.
// - Only when the tree changes faster than it can be read, for ten round trips in a row, a state is shown that is not of one
//   moment (`of_one_moment`): then each node is as it was some time since the state before.
// Nodes that may not be read are left out, and what is below those that may not be read when the cache (or a connection)
// begins. A change of an ACL is no event. Without a connection the last state stays: look at Client::state() where old data do
// harm.
//
// It costs one persistent recursive watch, so it needs Muster or ZooKeeper 3.6; on ZooKeeper a persistent watch that the same
// session has on the same path is replaced. A cache keeps its client's session, and reads what changes, once. It may be
// used from any thread.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muster::recipes {

struct TreeState {
  // By path; a node's Stat may be out of date where it tells of its children and its ACL.
  using Nodes = std::map<std::string, std::shared_ptr<const Value>, std::less<>>;

  std::uint64_t revision = 0;  // 1, 2, … of this cache; 0: nothing is known yet
  bool of_one_moment = true;
  Nodes nodes;

  // Null if there is none.
  [[nodiscard]] const Value* find(std::string_view path) const;
  // The names of a node's children, sorted.
  [[nodiscard]] std::vector<std::string> children(std::string_view path) const;
};

// What makes `to` of `from`: node_created, node_deleted and data_changed, by path. A node that was deleted and made again is
// data_changed.
[[nodiscard]] std::vector<WatchedEvent> difference(const TreeState& from, const TreeState& to);

class TreeCache {
 public:
  // Begins to follow the tree. Its root need not exist.
  TreeCache(const Client& client, std::string root);
  TreeCache(TreeCache&&) noexcept;
  TreeCache& operator=(TreeCache&&) noexcept;
  ~TreeCache();  // what waits is aborted

  // One node of the latest state: cheap. Null if there is none.
  [[nodiscard]] std::shared_ptr<const Value> get(std::string_view path) const;
  // The latest state. The first call after a change copies the map (not the data).
  [[nodiscard]] std::shared_ptr<const TreeState> state() const;
  // The latest, as soon as it is newer than `revision`. Throws: what ended the session or forbids the watch (no_auth,
  // bad_arguments, unimplemented: ZooKeeper 3.5): then the cache follows no more, and keeps what it knew; operation_aborted
  // (cancelled, or this object was destroyed). Cancellation ends that wait only.
  [[nodiscard]] asio::awaitable<std::shared_ptr<const TreeState>> newer(std::uint64_t revision = 0) const;

 private:
  class Follower;
  std::shared_ptr<Follower> follower_;
};

}  // namespace muster::recipes
