// The leader of one epoch: gives forwards their zxid, sends the log to all, commits what a quorum has on
// disk, and steps down when it no longer hears a quorum.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "server/broadcast/barriers.h"
#include "server/broadcast/core.h"
#include "server/broadcast/intake.h"
#include "server/broadcast/progress.h"

namespace muster::broadcast {

class Leading {
 public:
  Leading(Core& core, bool founding);

  // Its first entry is delivered: it takes forwards and answers barriers.
  [[nodiscard]] bool established(const Core& core) const { return core.delivered >= first_; }

  // What a quorum of the voters' disks can do at least.
  [[nodiscard]] Disk disks() const { return disks_; }
  // Those who follow it now, by id.
  [[nodiscard]] std::vector<Follower> followers() const;

  Next on_tick(Core& core);
  void on_hello(Core& core, ServerId from, const Hello& hello);
  void on_append_reply(Core& core, ServerId from, const AppendReply& reply);
  void on_forward(Core& core, ServerId from, const Forward& forward);
  void on_barrier_request(Core& core, ServerId from, const BarrierRequest& request);
  void on_link_lost(Core& core, ServerId peer);
  void on_persisted(Core& core) { maybe_commit(core); }
  void on_fetched(Core& core, const std::vector<Entry>& entries);
  void transfer(Core& core);
  void on_state_offered(Core& core, const WantState& to, Zxid zxid);
  void on_state_failed(Core& core, const WantState& to);
  // Nobody that is linked needs the log up to here, as far as is known.
  [[nodiscard]] Zxid needed(const Core& core) const;
  [[nodiscard]] std::vector<WantState> take_want_state() { return std::exchange(want_state_, {}); }
  // Once for each take_ready(), after delivery: what came together leaves together.
  void flush(Core& core);

 private:
  friend class Fingerprint;
  struct Transfer {
    ServerId target;
    std::int64_t until_ms = 0;
    bool told = false;
  };

  void append(Core& core, EntryKind kind);
  void maybe_commit(Core& core);
  void judge_disks(const Core& core);
  [[nodiscard]] Disk disk_of(const Core& core, ServerId id) const;
  [[nodiscard]] bool holds_back(const Core& core, ServerId follower, const Progress& progress) const;
  void welcome_all(Core& core);
  void welcome(Core& core, ServerId to);
  void take_own(Core& core);
  void give_up_transfer(Core& core);
  void tell_to_stand(Core& core);
  void ask_for_echoes(Core& core);
  void answer_barriers(Core& core);
  void replicate(Core& core, ServerId to, Progress& progress);
  void note_state(Core& core, ServerId to, Progress& progress);
  void send_entries(Core& core, ServerId to, Progress& progress, std::vector<Entry> entries,
                    std::size_t bytes);
  void send_append(Core& core, ServerId to, Progress& progress, Append append);
  [[nodiscard]] bool hears_quorum(const Core& core) const;
  [[nodiscard]] std::uint64_t echoed_by_quorum(const Core& core) const;

  Zxid first_;                              // the entry that starts this epoch
  std::map<ServerId, Progress> followers_;  // every other member
  Intake intake_;
  Confirmations confirmations_;
  std::optional<Transfer> transfer_;
  Disk disks_ = Disk::absent;
  std::int64_t next_hand_over_ms_ = 0;
  std::uint64_t beat_ = 1;
  std::int64_t beat_ms_;
  bool welcoming_ = false;  // established, noticed by flush()
  std::vector<WantState> want_state_;
};

}  // namespace muster::broadcast
