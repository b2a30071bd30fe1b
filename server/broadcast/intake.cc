#include "server/broadcast/intake.h"

namespace muster::broadcast {

Intake::Intake(const Core& core) : origins_(core.origins) {
  for (Zxid zxid = core.delivered.next(); zxid <= core.history.last(); zxid = zxid.next()) {
    const Entry& entry = core.history.at(zxid);
    if (entry.kind == EntryKind::command) origins_.accept(entry.forward);
  }
}

bool Intake::above_limit(const Core& core, std::size_t share) {
  const std::size_t limit = core.config.max_uncommitted_bytes / share;
  return core.history.undelivered_bytes() > limit || core.outbox.gathering_bytes() > limit;
}

bool Intake::take(Core& core, const ForwardId& id, const SharedBytes& command) {
  if (above_limit(core, 1)) {
    refused_ = true;
    return false;
  }
  if (!origins_.accept(id)) return false;
  Entry entry;
  entry.epoch = core.hard.epoch;
  entry.zxid = core.history.last().next();
  entry.kind = EntryKind::command;
  entry.time_ms = core.now.wall_ms;
  entry.forward = id;
  entry.payload = command;
  core.append(entry);
  return true;
}

bool Intake::reopens(const Core& core) {
  if (!refused_ || above_limit(core, 2)) return false;
  refused_ = false;
  return true;
}

}  // namespace muster::broadcast
