#include "server/node/start.h"

#include <utility>
#include <vector>

#include "common/check.h"
#include "common/mutant.h"
#include "server/broadcast/recovery.h"

namespace muster::node {
namespace {

template <class Use>
void for_each_entry(const StartState& start, Zxid from, Zxid to, Use use) {
  while (from <= to) {
    std::vector<broadcast::Entry> entries = start.read(from, to);
    CHECK(!entries.empty(), "a read of the log gives at least one entry");
    for (broadcast::Entry& entry : entries) {
      CHECK(entry.zxid == from && from <= to, "a read of the log gives what was asked for");
      use(std::move(entry));
      from = from.next();
    }
  }
}

}  // namespace

tree::Stamp stamp_of(const broadcast::Entry& entry) { return {entry.zxid, entry.time_ms, entry.semantics}; }

Started replay(const StartState& start) {
  Started started;
  broadcast::Recovery recovery(start.hard_state);
  if (start.last == Zxid{}) return {std::move(started.tree), recovery.take()};
  CHECK(start.first <= start.last && start.commit_mark <= start.last, "the commit mark lies in the log");

  // What lies above the mark may yet be replaced by another leader's entries: it is not applied.
  const Zxid until = mutant(Mutant::replay_past_commit_mark) ? start.last : start.commit_mark;
  for_each_entry(start, start.first, until, [&](const broadcast::Entry& entry) {
    const bool accepted = recovery.delivered(entry);
    if (entry.kind == broadcast::EntryKind::command && accepted)
      (void)started.tree.apply(stamp_of(entry), entry.payload.view());
    else
      started.tree.skip(stamp_of(entry));
  });
  const Zxid tail = until < start.first ? start.first : until.next();
  for_each_entry(start, tail, start.last, [&](broadcast::Entry entry) { recovery.tail(std::move(entry)); });
  started.recovered = recovery.take();
  return started;
}

}  // namespace muster::node
