#include "common/wire/events.h"

#include "common/wire/jute.h"
#include "common/wire/opcodes.h"

namespace muster::wire {

void append_event(std::string& out, Zxid zxid, EventType type, std::string_view path) {
  FrameWriter frame(out);
  frame.write(notification_xid, zxid, std::int32_t{0});
  frame.write(type, WatcherEvent{}.state);
  frame.write.text(path);
}

Result<WatcherEvent> decode_event(std::string_view body) {
  Reader reader(body);
  WatcherEvent event;
  reader(event.type, event.state, event.path);
  if (!reader.ok()) return Error{"the watch event is cut short"};
  return event;
}

}  // namespace muster::wire
