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
    case EventType::connected:
      return "connected";
    case EventType::disconnected:
      return "disconnected";
    case EventType::expired:
      return "session expired";
    case EventType::closed:
      return "closed";
  }
  return "unknown event";
}

}  // namespace muster
