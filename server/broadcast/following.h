// A server with a leader: takes its entries, acknowledges what is on disk, forwards its own clients' commands
// to it.
#pragma once

#include <cstdint>
#include <optional>

#include "server/broadcast/core.h"

namespace muster::broadcast {

class Following {
 public:
  Following(Core& core, ServerId leader);

  [[nodiscard]] ServerId leader() const { return leader_; }
  [[nodiscard]] bool established() const { return established_; }
  [[nodiscard]] Disk disks() const { return disks_; }  // of a quorum, as the leader says
  // Within an election timeout: a reason to refuse votes.
  [[nodiscard]] bool hears_leader(const Core& core) const;

  Next on_tick(Core& core);
  void on_append(Core& core, const Append& append);
  void on_welcome(Core& core, const Welcome& welcome);
  void on_barrier_reply(Core& core, const BarrierReply& reply);
  Next on_stand_now(Core& core);
  // Once for each take_ready(): what came together leaves together.
  void flush(Core& core);

 private:
  friend class Fingerprint;
  [[nodiscard]] bool contradicts(const Core& core, const Append& append) const;
  void reject(Core& core, const Append& append);
  void take_entries(Core& core, const Append& append);
  void maybe_qualify(Core& core);
  [[nodiscard]] Zxid matched_and_durable(const Core& core) const;

  ServerId leader_;
  std::int64_t heard_ms_;
  std::int64_t timeout_ms_;
  Zxid matched_;  // the log equals the leader's up to here, at least as far as it is committed
  Zxid acked_;
  std::uint64_t beat_ = 0;    // newest heard
  std::uint64_t echoed_ = 0;  // newest echoed
  bool rejected_ = false;     // the leader tries again: to be answered at once
  bool established_ = false;
  Disk disks_ = Disk::absent;
  // While not qualified: to be reached by the durable log before it may become so.
  std::optional<Zxid> repair_target_;
};

}  // namespace muster::broadcast
