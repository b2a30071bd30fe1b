#include "server/broadcast/recovery.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/mutant.h"

namespace muster::broadcast {

StartFrom judge_start(const LogExtent& log, const std::optional<StateMark>& state, Zxid state_at_least) {
  const bool whole = log.first == Zxid{1} && state_at_least == Zxid{};
  if (!state || log.first > state->zxid.next() || state->zxid < state_at_least) {
    if (whole) return StartFrom::log;
    return log.last < log.first ? StartFrom::nothing : StartFrom::log_alone;
  }
  // What is committed is in the state; entries that another leader never committed may lie where the state ends.
  const bool strays = log.epoch_at_state && *log.epoch_at_state != state->epoch;
  return log.last < state->zxid || strays ? StartFrom::new_state : StartFrom::state;
}

Recovery::Recovery(const HardState& hard_state) { recovered_.hard_state = hard_state; }

Recovery::Recovery(const HardState& hard_state, Base base, Zxid first) : Recovery(hard_state) {
  CHECK(base.zxid > Zxid{} && first <= base.zxid.next(), "the log continues the state without a gap");
  CHECK(!base.epochs.empty() && base.epochs.front().first <= base.zxid, "a state knows its own epoch");
  recovered_.delivered = base.zxid;
  recovered_.founding = std::move(base.founding);
  recovered_.membership = std::move(base.membership);
  recovered_.membership_set = base.membership_set;
  // A state that was received may know less of the epochs than our log holds of the entries: those are of no use then. (What is
  // before the first entry of all has no epoch.)
  const Zxid known = base.epochs.front().first;
  recovered_.floor = std::max(Zxid{first.value - 1}, known == Zxid{1} ? Zxid{} : known);
  recovered_.epochs = std::move(base.epochs);
  recovered_.checkpoint = base.zxid;
  if (!mutant(Mutant::state_without_origins)) origins_ = Origins(std::move(base.origins));
}

Recovery::Recovery(const HardState& hard_state, Zxid first, Zxid state_at_least) : Recovery(hard_state) {
  recovered_.state_at_least = state_at_least;
  recovered_.delivered = recovered_.floor = Zxid{first.value - 1};
  recovered_.stateless = true;
}

bool Recovery::delivered(const Entry& entry) {
  CHECK(recovered_.delivered == Zxid{} || entry.zxid == recovered_.delivered.next(),
        "entries are replayed in order");
  note_epoch(entry);
  recovered_.delivered = entry.zxid;
  switch (entry.kind) {
    case EntryKind::command:
      return origins_.accept(entry.forward);
    case EntryKind::founding: {
      Founding founding;
      CHECK(decode(entry.payload.view(), founding), "the founding entry cannot be read");
      recovered_.membership = founding.membership;
      recovered_.membership_set = entry.zxid;
      recovered_.founding = std::move(founding);
      return true;
    }
    case EntryKind::membership: {
      Membership membership;
      CHECK(decode(entry.payload.view(), membership), "a membership entry cannot be read");
      recovered_.membership = std::move(membership);
      recovered_.membership_set = entry.zxid;
      return true;
    }
    case EntryKind::epoch_start:
      return true;
  }
  return true;
}

void Recovery::tail(Entry entry) {
  note_epoch(entry);
  recovered_.tail.push_back(std::move(entry));
}

void Recovery::note_epoch(const Entry& entry) {
  auto& epochs = recovered_.epochs;
  if (epochs.empty() || epochs.back().epoch < entry.epoch)
    epochs.push_back(EpochStart{entry.epoch, entry.zxid});
}

Recovered Recovery::take() {
  recovered_.origins = origins_.table();
  return std::move(recovered_);
}

}  // namespace muster::broadcast
