#include <muster/event.h>

namespace muster {

std::string_view describe(EventType type) {
  switch (type) {
    case EventType::node_created:
      return "node created";
    case EventType::node_deleted:
      return "node deleted";
    case EventType::data_changed:
      return "data changed";
    case EventType::children_changed:
      return "children changed";
    case EventType::gap:
      return "gap";
  }
  return "unknown event";
}

std::string_view describe(SessionState state) {
  switch (state) {
    case SessionState::connecting:
      return "connecting";
    case SessionState::connected:
      return "connected";
    case SessionState::connected_read_only:
      return "connected read-only";
    case SessionState::expired:
      return "session expired";
    case SessionState::closed:
      return "closed";
    case SessionState::auth_failed:
      return "authentication failed";
  }
  return "unknown state";
}

}  // namespace muster
