// Moments worth passing through: each is a place where a bug was, could be, or was in others. A campaign counts them; one that no
// seed has passed is not tested, whatever else passes. They are seen from outside: in the facts of the run (Loop::note), in
// what goes to the disks and over the links (checks/logs.cc), in what clients are told. The servers know nothing of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace muster::simulation {

inline constexpr std::string_view mark_names[] = {
    // Elections
    "leader of a single server",
    "leader elected with an uncommitted tail of an older epoch",
    "leader elected while the one before still leads",
    "leader steps down and lives",
    "leader crashed with entries that are not committed",
    "leader paused, and found another when it went on",
    "epoch that nobody led",
    "votes of one epoch for two candidates",
    "voted, then crashed",
    "vote in flight to the disk, then crashed",
    "hand-over done",
    "hand-over cut short",
    // The log
    "entry of an older epoch committed by a later leader",
    "durable entries truncated",
    "truncated, then crashed before the sync",
    "appended, crashed before the sync, and lost",
    "appended, crashed before the sync, and kept",
    "acknowledged, then lost its leader",
    "acknowledged what was truncated later",
    "old entries read for a follower",
    "log purged",
    "start that crashed",
    "power of all servers cut",
    // Forwards
    "forward repeated after a leader change",
    "forward repeated that was in the log",
    "forward repeated with the old leader alive",
    "barrier asked again of another leader",
    // Wiped servers, states, checkpoints
    "wiped server qualified again",
    "wiped server crashed before it was qualified",
    "two servers unqualified at once",
    "started from a checkpoint",
    "checkpoint given up for lack of room",
    "crashed while a checkpoint was written",
    "state installed",
    "state half received, then crashed",
    "state half received, then another leader",
    "state half sent, then crashed",
    "state of another server set aside",
    "damaged checkpoint discarded",
    "leader with a wrong state",
    // Disks
    "leader without room on its disk",
    "no server with room on its disk",
    "write refused for lack of room",
    "disk of the leader stalled",
    // Sessions
    "session moved to another server",
    "session moved while a write was in flight",
    "expired while its client was away",
    "expired, and its ephemerals went",
    "expired, without ephemerals",
    "expiry that came too late",
    "write of a moved session without effect",
    "write of a closed session without effect",
    "outcome told again",
    "write answered after a leader change",
    "sync answered after a leader change",
    "client closed that did not read",
    // Reads and watches
    "watch fired",
    "watch fired by catch-up",
    "multi that failed as a whole",
    "sequential name given",
    // The end
    "majority healed, a server dead",
    "majority healed, a server paused",
    "majority healed, a server cut off",
};
inline constexpr std::size_t mark_count = std::size(mark_names);
using MarkCounts = std::array<std::uint64_t, mark_count>;

// One of these names; another one does not compile.
class Mark {
 public:
  consteval Mark(const char* name)
      : index_(find(name)) {}  // NOLINT(google-explicit-constructor): reads as the name
  [[nodiscard]] constexpr std::size_t index() const { return index_; }

 private:
  static consteval std::size_t find(std::string_view name) {
    for (std::size_t i = 0; i < mark_count; ++i)
      if (mark_names[i] == name) return i;
    throw "there is no mark of that name";
  }
  std::size_t index_;
};

}  // namespace muster::simulation
