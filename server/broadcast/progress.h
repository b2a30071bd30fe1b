// What a leader knows of one follower's log.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "server/broadcast/entry.h"
#include "server/broadcast/message.h"

namespace muster::broadcast {

class Progress {
 public:
  // A new link or a new leader: nothing is known but a guess of where to begin.
  void reset(Zxid next);

  [[nodiscard]] Zxid match() const { return match_; }  // equal to the leader's log and on disk up to here
  [[nodiscard]] Zxid next() const { return next_; }    // to be sent
  [[nodiscard]] bool has_room(std::size_t max_inflight_bytes) const {
    return probing_ ? !probe_sent_ : inflight_bytes_ < max_inflight_bytes;
  }

  void sent(Zxid last, std::size_t bytes);
  void accepted(Zxid durable);
  // Go on after `hint`, where the logs may meet. A rejection that teaches nothing new is stale and ignored.
  void rejected(Zxid hint);

  bool counts = false;             // its acknowledgements count
  bool welcomed = false;           // its forwards are taken
  Disk disk = Disk::absent;        // as it said last; only while it is heard (Leading::disk_of)
  std::optional<Zxid> state_lost;  // it has none, and one below this is of no use to it
  bool state_wanted = false;       // so it was said, and is not over
  std::optional<Zxid> pinned;      // of the state that it is being sent, or starts again with
  std::int64_t heard_ms = 0;       // its last acknowledgement that counted
  std::uint64_t echoed_beat = 0;
  std::uint64_t told_beat = 0;
  Zxid told_commit;
  bool told_established = false;

 private:
  friend class Fingerprint;
  struct Sent {
    Zxid last;
    std::size_t bytes;
  };
  Zxid match_, next_;
  bool probing_ = true;  // until it accepted something, one batch at a time
  bool probe_sent_ = false;
  std::deque<Sent> inflight_;
  std::size_t inflight_bytes_ = 0;
};

}  // namespace muster::broadcast
