// Who wants to hear of which path. Watches belong to a connection and vanish with it. Pure; iteration order is fixed.
// Rules: ZooKeeper programmer's guide, "ZooKeeper Watches".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <muster/ids.h>

#include "common/wire/events.h"
#include "server/tree/tree.h"

namespace muster::watch {

using ConnId = std::uint64_t;

struct Notification {
  ConnId connection = 0;
  wire::EventType type{};
};

enum class Kind : std::uint8_t { data, child, persistent, persistent_recursive };
// What checkWatches and removeWatches name: 1 children, 2 data, 3 any, 4 persistent, 5 persistent recursive.
enum class Selector : std::int32_t { children = 1, data = 2, any = 3, persistent = 4, persistent_recursive = 5 };

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

  [[nodiscard]] std::size_t size() const;                       // watches in all
  [[nodiscard]] std::size_t size_of(ConnId connection) const;
  [[nodiscard]] std::size_t paths() const;
  [[nodiscard]] std::size_t connections() const;
};

}  // namespace muster::watch
