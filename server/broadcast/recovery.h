// Folds a log that is read from its beginning into what a Peer starts from:
//   Recovery recovery(hard_state);
//   for each entry up to the commit mark: accepted = recovery.delivered(entry); apply it if accepted
//   for each entry above:                 recovery.tail(entry)
//   Peer peer(config, recovery.take(), random);
#pragma once

#include "server/broadcast/origins.h"
#include "server/broadcast/peer.h"

namespace muster::broadcast {

class Recovery {
 public:
  explicit Recovery(const HardState& hard_state);
  // In zxid order without a gap. False: a command out of its origin's order; it must have no effect
  // (Delivery::accepted).
  bool delivered(const Entry& entry);
  void tail(Entry entry);
  [[nodiscard]] Recovered take();

 private:
  void note_epoch(const Entry& entry);

  Recovered recovered_;
  Origins origins_;
  Entry last_delivered_;
};

}  // namespace muster::broadcast
