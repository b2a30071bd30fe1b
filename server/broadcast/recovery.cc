#include "server/broadcast/recovery.h"

#include <utility>

#include "common/check.h"

namespace muster::broadcast {

Recovery::Recovery(const HardState& hard_state) { recovered_.hard_state = hard_state; }

bool Recovery::delivered(const Entry& entry) {
  CHECK(recovered_.delivered == Zxid{} || entry.zxid == recovered_.delivered.next(),
        "entries are replayed in order");
  note_epoch(entry);
  recovered_.delivered = entry.zxid;
  recovered_.delivered_epoch = entry.epoch;
  last_delivered_ = entry;
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
  if (recovered_.delivered > Zxid{})
    recovered_.tail.insert(recovered_.tail.begin(), std::move(last_delivered_));
  recovered_.origins = origins_.table();
  return std::move(recovered_);
}

}  // namespace muster::broadcast
