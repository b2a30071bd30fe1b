// What is known of the log's part that a state stands for: of every entry up to `zxid`. A checkpoint keeps it beside its
// records, and a log whose first entries are gone is understood from it.
#pragma once

#include <vector>

#include "server/broadcast/entry.h"

namespace muster::broadcast {

// Where an epoch begins in the log. The list of all of them tells any entry's epoch without its bytes.
struct EpochStart {
  Epoch epoch;
  Zxid first;
  friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

struct Base {
  Zxid zxid;    // at least 1: the founding entry is in every state
  Epoch epoch;  // of the entry at `zxid`
  Founding founding;
  Membership membership;           // newest up to `zxid`
  Zxid membership_set;             // by the entry at this zxid
  std::vector<ForwardId> origins;  // the last accepted of each origin up to `zxid`, sorted by origin
  // Of the entries up to `zxid`, in order: at least the one that holds `zxid`; as far down as the log of the server that made
  // it reached then.
  std::vector<EpochStart> epochs;
  friend bool operator==(const Base&, const Base&) = default;
};

}  // namespace muster::broadcast
