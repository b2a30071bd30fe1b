// Who wants to hear of which path. Watches belong to a connection and vanish with it. Pure; iteration order is fixed.
// Rules: ZooKeeper programmer's guide, "ZooKeeper Watches".
#pragma once

#include <muster/ids.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/wire/events.h"
#include "server/tree/hash_index.h"
#include "server/tree/node_block.h"
#include "server/tree/tree.h"
#include "server/watch/watchers.h"

namespace muster::watch {

struct Notification {
  ConnId connection = 0;
  wire::EventType type{};
};

enum class Kind : std::uint8_t { data, child, persistent, persistent_recursive };
// What checkWatches and removeWatches name: 1 children, 2 data, 3 any, 4 persistent, 5 persistent recursive.
enum class Selector : std::int32_t {
  children = 1,
  data = 2,
  any = 3,
  persistent = 4,
  persistent_recursive = 5
};

class Watches {
 public:
  // Idempotent: the same watch twice counts once. data and exists watches are one kind here.
  void add(ConnId connection, std::string_view path, Kind kind);
  // True if there is a watch of that connection on exactly that path.
  [[nodiscard]] bool contains(ConnId connection, std::string_view path, Selector selector) const;
  // The same, and removes what was found.
  bool remove(ConnId connection, std::string_view path, Selector selector);
  // The connection is gone.
  void drop(ConnId connection);

  // Whom to notify of one change; one-shot watches that match are taken out. At most one notification for each connection and
  // change, ordered by connection (a node with both a data and a child watch is reported deleted once). All for change.path.
  [[nodiscard]] std::vector<Notification> on(const tree::Change& change);

  [[nodiscard]] std::size_t size() const;  // watches in all
  [[nodiscard]] std::size_t size_of(ConnId connection) const;

  // What people see of them is ZooKeeper's two tables: a connection that watches a path in several ways stands once in the table of
  // those who hear of the node, once in that of those who hear of its children.
  struct Count {
    std::size_t connections = 0, paths = 0, watches = 0;
  };
  [[nodiscard]] const Count& node_watches() const { return nodes_; }
  [[nodiscard]] std::size_t child_watches() const { return children_; }
  struct Entry {
    std::string_view path;  // valid until the next change
    ConnId connection = 0;
  };
  // All of the nodes' table, by path, then by connection. Slow: for people.
  [[nodiscard]] std::vector<Entry> node_entries() const;

 private:
  using PathId = std::uint32_t;

  struct Watched {
    tree::NodeBlock path;       // as its name, without data
    Watchers watchers;          // empty: the record is free
    std::uint32_t of_node = 0;  // those who hear of the node
  };
  struct Connection {
    // The paths that it watches, and some that it watched: those are forgotten together, when they are the more.
    std::vector<PathId> paths;
    std::size_t watched = 0;  // paths
    std::size_t watches = 0;
    std::size_t of_nodes = 0;  // paths of whose node it hears
  };

  [[nodiscard]] PathId find(std::string_view path) const;
  [[nodiscard]] PathId find_or_add(std::string_view path);
  [[nodiscard]] Kinds kinds_of(ConnId connection, PathId id) const;
  void note_path(ConnId connection, Connection& owner, PathId id);
  // Takes these kinds from a watcher and keeps all counts; the caller erases watchers that are left without any.
  void take(PathId id, Watcher& watcher, Kinds kinds);
  void sweep(PathId id);
  void note_change(Watched& record, Connection& owner, Kinds before, Kinds after);
  void fire(std::vector<Notification>& to, std::string_view path, Kinds wanted, wire::EventType type);

  tree::HashIndex by_path_;
  std::deque<Watched> watched_;  // grows without moving what is there
  std::vector<PathId> free_;
  std::unordered_map<ConnId, Connection> connections_;  // only looked up
  std::size_t size_ = 0;
  Count nodes_;
  std::size_t children_ = 0;
  std::size_t recursive_ = 0;  // while there are none, nobody walks a path's ancestors
};

}  // namespace muster::watch
