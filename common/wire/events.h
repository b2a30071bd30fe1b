// Watch events on the wire.
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace muster::wire {

enum class EventType : std::int32_t {
  node_created = 1,
  node_deleted = 2,
  node_data_changed = 3,
  node_children_changed = 4
};

struct WatcherEvent {
  EventType type{};
  std::int32_t state = 3;  // SyncConnected, always
  std::string path;
  friend bool operator==(const WatcherEvent&, const WatcherEvent&) = default;
};

// A whole frame: ReplyHeader{-1, zxid, 0} + event. zxid: of the write that caused it; -1 for those that setWatches catches up.
void append_event(std::string& out, Zxid zxid, EventType type, std::string_view path);
[[nodiscard]] Result<WatcherEvent> decode_event(std::string_view body);

}  // namespace muster::wire
