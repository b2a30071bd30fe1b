// Folds what the disk holds into what a Peer starts from:
//   Recovery recovery(hard_state);               the whole log is there, and no state
//   Recovery recovery(hard_state, base, first);  a state that stands for the log up to base.zxid; the log's first entry is `first`
//   Recovery recovery(hard_state, first, least); the log begins at `first`, and the state below it is lost, or not to be used again
//   for each entry above the state, up to the commit mark: accepted = recovery.delivered(entry); apply it if accepted
//   for each entry above:                                  recovery.tail(entry)
//   Peer peer(config, recovery.take(), random);
#pragma once

#include <cstdint>
#include <optional>

#include "server/broadcast/base.h"
#include "server/broadcast/origins.h"
#include "server/broadcast/peer.h"

namespace muster::broadcast {

// What to do with the log and the state that a disk holds.
enum class StartFrom : std::uint8_t {
  log,        // all of it; a state that is there is of no use
  state,      // and the log above it
  new_state,  // the log is behind a state that was received, or strays from it: first reset it to the state
  log_alone,  // the state below the log is lost: take part without it until a leader gives one
  nothing,    // neither tells what was there before: as if the disk had been wiped
};
struct LogExtent {
  Zxid first, last;  // first: of the next entry if there is none
  // Of the log's entry at the state's zxid, if it holds that one.
  std::optional<Epoch> epoch_at_state;
};
struct StateMark {
  Zxid zxid;
  Epoch epoch;
};
// A state that can't be read is none; so is one below `state_at_least`, even if the log could make it anew (Recovered).
[[nodiscard]] StartFrom judge_start(const LogExtent& log, const std::optional<StateMark>& state,
                                    Zxid state_at_least = {});

class Recovery {
 public:
  explicit Recovery(const HardState& hard_state);
  // Requires first <= base.zxid + 1: without a gap.
  Recovery(const HardState& hard_state, Base base, Zxid first);
  // Requires at least one entry, so that the log's last epoch is known.
  Recovery(const HardState& hard_state, Zxid first, Zxid state_at_least = {});
  // In zxid order without a gap. False: a command out of its origin's order; it must have no effect
  // (Delivery::accepted).
  bool delivered(const Entry& entry);
  void tail(Entry entry);
  [[nodiscard]] Recovered take();

 private:
  void note_epoch(const Entry& entry);

  Recovered recovered_;
  Origins origins_;
};

}  // namespace muster::broadcast
