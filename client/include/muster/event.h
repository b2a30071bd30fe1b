// What a client is told without having asked.
#pragma once

#include <string>
#include <string_view>

namespace muster {

enum class EventType {
  node_created,
  node_deleted,
  data_changed,
  children_changed,  // the list of children of `path`
  connected,     // to a server; watches are set again. What changed while disconnected is told of one-shot
                 // watches only
  disconnected,  // the client looks for another server; the session and its ephemeral nodes may live on
  expired,       // last event: the session and its ephemeral nodes are gone, or may be
  closed,        // last event: close() was called, or no server could be reached at all
};

struct Event {
  EventType type{};
  std::string path;  // empty for the last four
  friend bool operator==(const Event&, const Event&) = default;
};

// "node created", "connected", …
[[nodiscard]] std::string_view describe(EventType type);

}  // namespace muster
