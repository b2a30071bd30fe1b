// What the servers' logs must never do, judged from what they hand to their disks, what those have performed
// and what is sent:
//   election-safety      one leader for each epoch
//   log-matching         (epoch, zxid) names one entry for ever, and all before it; nothing of a later epoch contradicts a
//                        committed entry
//   promise              a vote or an acknowledgement leaves only after the disk has performed what it speaks of; what is
//                        acknowledged is the leader's
//   vote                 on a disk the epoch never falls, an epoch's vote never changes, and who counts goes on counting
//   commit-durability    an entry delivered anywhere is on the disks of a quorum of qualified voters
//   commit-rule          a leader's commit point lands on entries of its own epoch; along what is committed the epoch never falls
//   commit-falls         what a server knows to be committed never becomes less while it runs
//   leader-completeness  a leader holds everything that was committed in earlier epochs
//   committed-kept       nobody cuts a committed entry off its log
//   recovery             a disk gives back after a crash all that it had performed
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/broadcast/peer.h"
#include "tests/simulation/checks/log_marks.h"
#include "tests/simulation/sim.h"

namespace muster::simulation {

// One entry that some server handed to its disk.
struct Record {
  static constexpr std::uint32_t nothing = UINT32_MAX;

  broadcast::Entry entry;
  std::int64_t first_seen_us = 0;
  std::optional<std::uint32_t>
      before;  // the record before it in every log that has it; nothing: it is the first
};

class Logs {
 public:
  Logs(Loop& loop, int servers, int voters);  // the voters come first

  // Servers are counted from 0 here.
  void on_state(int server, const broadcast::Peer& peer);  // after every input
  void on_send(int server, ServerId to, const broadcast::Message& message);
  void on_handed(int server, const broadcast::Persist& persist);   // left the node, not yet performed
  void on_durable(int server, const broadcast::Persist& persist);  // performed
  // `first`: where its log begins. What it has below that is what was committed, as a state.
  void on_recovered(int server, const broadcast::HardState& hard_state, Zxid first,
                    const std::vector<broadcast::Entry>& log);
  // Its log was replaced by a state.
  void on_reset(int server, Zxid base);
  void on_wiped(int server);
  void on_died(int server);

  // The next committed entry, as it was delivered first, by a server in `epoch`.
  const Record& adopt(int server, Epoch epoch);
  [[nodiscard]] Zxid committed() const { return Zxid{static_cast<std::int64_t>(committed_.size())}; }

  [[nodiscard]] const broadcast::HardState& durable_hard_state(int server) const {
    return disks_[at(server)].hard_state;
  }
  [[nodiscard]] Zxid durable_last(int server) const;
  [[nodiscard]] std::size_t elections() const { return leaders_.size(); }
  [[nodiscard]] Epoch newest_epoch() const { return leaders_.empty() ? Epoch{} : leaders_.rbegin()->first; }
  // Disks that hold no vote: new or wiped and not yet repaired.
  [[nodiscard]] int unqualified() const;

 private:
  using RecordId = std::uint32_t;
  // A log's entries from zxid 1 on.
  using Log = std::vector<RecordId>;
  struct Disk {
    broadcast::HardState hard_state;
    Log durable, handed;
    // What it held before it was wiped, until it is qualified again: acknowledgements of it may still be
    // under way, and the loss of this disk is one that the others make up for.
    Log lost;
    broadcast::RoleChange role;
    Zxid committed;
  };
  struct Committed {
    RecordId record = 0;
    Epoch delivered_in;  // not before the epoch that committed it
  };

  static std::size_t at(int server) { return static_cast<std::size_t>(server); }
  void add(Log& log, const broadcast::Entry& entry);
  void check_ack(int server, ServerId to, Epoch epoch, const broadcast::AppendReply& ack) const;
  void check_hard_state(int server, const broadcast::HardState& now) const;
  RecordId intern(const broadcast::Entry& entry);
  [[nodiscard]] Log committed_through(Zxid zxid) const;
  void change(Log& log, const broadcast::Persist& persist);
  void check_against_committed(int server, const broadcast::Persist& persist);
  void check_leader(int server, const broadcast::Peer& peer);
  [[nodiscard]] static bool has_copy(const Disk& disk, Zxid zxid, RecordId record);
  [[nodiscard]] const Record* on_a_quorum(Zxid zxid) const;
  [[nodiscard]] std::string holders(Zxid zxid) const;

  Loop& loop_;
  std::ptrdiff_t voters_;
  std::vector<Disk> disks_;
  std::deque<Record> records_;
  std::unordered_map<std::uint64_t, RecordId> by_name_;  // never iterated
  std::vector<Committed> committed_;
  std::map<Epoch, int> leaders_;
  LogMarks marks_;
};

}  // namespace muster::simulation
