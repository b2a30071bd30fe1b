#include "server/node/start.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/check.h"
#include "common/mutant.h"
#include "server/broadcast/recovery.h"

namespace muster::node {
namespace {

// Those from `from` to the end of the log.
template <class Use>
void for_each_entry(const StartState& start, Zxid from, const Use& use) {
  while (from <= start.last) {
    std::vector<broadcast::Entry> entries = start.read(from, start.last);
    CHECK(!entries.empty(), "a read of the log gives at least one entry");
    for (broadcast::Entry& entry : entries) {
      CHECK(entry.zxid == from && from <= start.last, "a read of the log gives what was asked for");
      use(std::move(entry));
      from = from.next();
    }
  }
}

}  // namespace

tree::Stamp stamp_of(const broadcast::Entry& entry) { return {entry.zxid, entry.time_ms, entry.semantics}; }

Started replay(StartState start) {
  Started started;
  broadcast::Recovery recovery(start.hard_state);
  Zxid applied;
  if (start.checkpoint) {
    started.checkpoint = std::move(start.checkpoint->meta);
    started.tree = std::move(start.checkpoint->tree);
    applied = started.checkpoint->base.zxid;
    CHECK(start.first <= applied.next() && applied <= start.last,
          "the log goes on where the checkpoint ends");
    recovery = broadcast::Recovery(start.hard_state, started.checkpoint->base, start.first);
  } else if (start.stateless) {
    applied = Zxid{start.first.value - 1};
    recovery = broadcast::Recovery(start.hard_state, start.first, start.state_at_least);
  } else {
    CHECK(start.first <= Zxid{1}, "without a checkpoint the log is whole");
  }
  CHECK(start.commit_mark <= start.last, "the commit mark lies in the log");

  // What lies above the mark may yet be replaced by another leader's entries: it is not applied. A checkpoint was committed, whatever
  // the mark says.
  const Zxid mark = std::max(start.commit_mark, applied);
  const Zxid until = mutant(Mutant::replay_past_commit_mark) ? start.last : mark;
  for_each_entry(start, applied.next(), [&](broadcast::Entry&& entry) {
    if (entry.zxid > until) return recovery.tail(std::move(entry));
    if (start.stateless) return (void)recovery.delivered(entry);
    ++started.replayed_entries;
    started.replayed_bytes += size_of(entry);
    const bool accepted = recovery.delivered(entry);
    if (entry.kind == broadcast::EntryKind::command && accepted)
      (void)started.tree.apply(stamp_of(entry), entry.payload.view());
    else
      started.tree.skip(stamp_of(entry));
  });
  started.recovered = recovery.take();
  return started;
}

}  // namespace muster::node
