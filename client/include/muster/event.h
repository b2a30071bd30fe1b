// What a client is told without having asked: changes of nodes that it watches, and of its session.
#pragma once

#include <string>
#include <string_view>

namespace muster {

enum class EventType {
  node_created,
  node_deleted,
  data_changed,
  children_changed,  // the list of children of `path`
  gap,               // WatchStream only: changes may have been missed, because the connection was replaced
                     // or because more than max_events waited
};
// "node created", …
[[nodiscard]] std::string_view describe(EventType type);

struct WatchedEvent {
  EventType type{};
  std::string path;  // below the chroot; of a gap: the path that is watched
  friend bool operator==(const WatchedEvent&, const WatchedEvent&) = default;
};

enum class WatchMode {
  persistent,  // the node: created, deleted, data and children changed
  recursive,   // the node and all below it: created, deleted, data changed; never children_changed
};

// connecting ⇄ connected or connected_read_only, any number of times; then one of the last three, for good. While
// connecting, the session and its ephemeral nodes may live on, and requests wait.
enum class SessionState {
  connecting,
  connected,
  connected_read_only,  // to a server without a quorum (ClientConfig::read_only): it answers reads, perhaps with old
                        // data, and can't tell whether the session and its ephemeral nodes live on
  expired,              // the session and its ephemeral nodes are gone, or may be; make a new client
  closed,               // by close()
  auth_failed,          // a credential was refused
};
// "connected", …
[[nodiscard]] std::string_view describe(SessionState state);
// True of the last three.
[[nodiscard]] constexpr bool is_over(SessionState state) { return state >= SessionState::expired; }

}  // namespace muster
