// The core: one server's part in the atomic broadcast. Raft (Ongaro 2014: pre-vote, check-quorum, leadership
// transfer, read index) in ZooKeeper's words. No I/O, clock, thread or random source: time and a seeded
// generator are handed in. Copyable.
//
// Duties, as a loop of the driver:
//   1. feed inputs: tick, step, link_up/down, propose, barrier, persisted, fetched
//   2. take_ready(): send what it says, hand `persist` to the disk (one at a time; the next gathers
//   meanwhile), `fetch` likewise,
//      apply `deliver` in order
//   3. report persisted(ticket) when the disk has synced, fetched(ticket, …) when it has read; go on with 1
// A message that may leave only after a disk write is not in `send` until that write was reported (DESIGN
// D4).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/clock.h"
#include "common/random.h"
#include "server/broadcast/base.h"
#include "server/broadcast/entry.h"
#include "server/broadcast/message.h"

namespace muster::broadcast {

using Ticket = std::uint64_t;
using LinkId = std::uint64_t;     // local name of one connection to one peer; a later one is greater
using BarrierId = std::uint64_t;  // chosen by the caller, greater each time

struct PeerConfig {
  ServerId self;
  std::uint64_t boot = 0;  // random, not 0, another one at each process start
  Membership initial;      // of the configuration; counts until the log says otherwise
  std::string
      entropy;  // 48 random bytes from a good source, used only if this server founds: cluster id and secret
  // Of the ensemble that this server's disk belongs to, whatever else is left on it; empty: none yet. Such a server never founds.
  std::string cluster_id;
  bool found = false;  // operator's word that no data exists anywhere: a quorum of empty servers may found
  std::int64_t heartbeat_ms = 50;
  std::int64_t election_timeout_ms = 400;  // a follower waits this to twice this
  std::int64_t stagger_ms = 20;            // upper bound of the random wait after a broken link to the leader
  std::size_t max_append_bytes = 256 * 1024;         // entries in one Append
  std::size_t max_inflight_bytes = 4 * 1024 * 1024;  // sent to one follower, not acknowledged
  std::size_t max_window_bytes =
      8 * 1024 * 1024;  // entries kept in memory below what is delivered; older ones are fetched
  std::size_t max_uncommitted_bytes = 64 * 1024 * 1024;  // the leader accepts no more forwards above this
  std::size_t max_pending_bytes =
      64 * 1024 * 1024;  // own proposals not yet delivered; propose() refuses above this
  // The log reaches back to the checkpoint before the last; while a follower or a stream needs more, to so many checkpoints.
  std::size_t max_kept_checkpoints = 8;
};

// What the driver read from the disk and replayed before the peer exists. Made by Recovery (recovery.h).
struct Recovered {
  HardState hard_state;
  std::vector<Entry> tail;               // those above `delivered`, up to the last durable entry
  Zxid delivered;                        // replayed into the tree: up to the commit mark
  std::optional<Founding> founding;      // of the first entry, if there is one up to `delivered`
  std::optional<Membership> membership;  // newest in the log up to `delivered`
  Zxid membership_set;                   // by the entry at this zxid
  std::vector<ForwardId> origins;        // last accepted of each origin, up to `delivered` (Origins)
  std::vector<EpochStart> epochs;        // of the log, as far down as is known
  Zxid floor;                            // the log on disk begins above it
  Zxid checkpoint;                       // of the state on disk; 0: none
  // The state that stands for the log up to `floor` is lost (its votes and its log are not): it takes part, but neither
  // stands nor serves until a leader has given it a state.
  bool stateless = false;
  Zxid state_at_least;  // an older one would be of no use to it: its own was wrong up to here
};

struct Envelope {
  ServerId to;
  LinkId link = 0;
  Message message;
};

// One unit of disk work, in this order: truncate, append, hard state, sync all; purge. Then persisted(ticket).
struct Persist {
  Ticket ticket = 0;
  std::optional<Zxid> truncate_after;
  std::vector<Entry> append;
  std::optional<HardState> hard_state;
  std::optional<Zxid> purge_through;  // the log's entries up to here are needed no more
  Zxid
      committed;  // to be noted, in the records or, without any, by a mark, which is not synced; a Persist with nothing else is
  // one for an idle log
};

// Entries [from, to] wanted from the log; the answer may be shorter (at least one entry) but starts at
// `from`.
struct Fetch {
  Ticket ticket = 0;
  Zxid from, to;
  std::size_t max_bytes = 0;
};

struct Delivery {
  Entry entry;
  // False: a command out of its origin's order; it must have no effect (a correct leader never lets it
  // happen).
  bool accepted = true;
};

enum class Role : std::uint8_t { looking, following, leading };
struct RoleChange {
  Role role = Role::looking;
  Epoch epoch;
  ServerId leader;  // 0 while looking
  friend bool operator==(const RoleChange&, const RoleChange&) = default;
};

// A follower that needs what the leader's log no longer holds, or that lost its state.
struct WantState {
  ServerId peer;
  LinkId link = 0;
  Zxid at_least;  // an older state would be of no use
  friend bool operator==(const WantState&, const WantState&) = default;
};

// As its leader sees it: it has been welcomed and its link is up.
struct Follower {
  ServerId id;
  bool counts = false;  // its acknowledgements count
};

struct Ready {
  std::vector<Envelope> send;      // may leave now; there is no other kind
  std::optional<Persist> persist;  // at most one in flight
  std::optional<Fetch> fetch;      // at most one in flight
  std::vector<Delivery> deliver;   // committed, in zxid order, no gap
  std::vector<BarrierId> passed;   // reached by `deliver` (apply `deliver` first)
  std::vector<RoleChange> roles;   // in order
  // To be given a state: each once, until state_failed(), another link or another leader.
  std::vector<WantState> want_state;
  [[nodiscard]] bool empty() const;
};

class Peer {
 public:
  Peer(const PeerConfig& config, Recovered recovered, Random random);
  Peer(const Peer&);
  Peer& operator=(const Peer&);
  Peer(Peer&&) noexcept;
  Peer& operator=(Peer&&) noexcept;
  ~Peer();

  // Inputs. Each runs to the end; none blocks.
  void tick(Now now);  // at least every heartbeat_ms / 2
  void step(Now now, ServerId from, LinkId link,
            const Message& message);                  // of a link that is not the current one: dropped
  void link_up(Now now, ServerId peer, LinkId link);  // replaces an older link to that peer
  void link_down(Now now, ServerId peer, LinkId link);
  void persisted(Now now, Ticket ticket);
  void fetched(Now now, Ticket ticket, const std::vector<Entry>& entries);

  // Takes a command for the log, here or at the leader, now or after the next election; it is delivered
  // exactly once while this process lives (after a crash: at most once). Returns its n (ForwardId{self, boot,
  // n}), in order 1, 2, 3, …; nothing if max_pending_bytes is reached.
  [[nodiscard]] std::optional<std::uint64_t> propose(Now now, SharedBytes command);
  // `passed` will name `id` once everything that was committed anywhere before this call has been delivered
  // here. Survives elections (it is asked again).
  void barrier(Now now, BarrierId id);
  // A durable checkpoint stands for the log up to `zxid`, so that the log below it may go. Requires zxid <= delivered() and
  // durable().
  void compact(Now now, Zxid zxid);
  // Leader only (else ignored), of a peer that wants a state, over that link: it is being sent the state at `zxid`, and the log
  // above it is kept meanwhile (within max_kept_checkpoints). Or that came to nothing: it wants one again.
  void state_offered(Now now, const WantState& to, Zxid zxid);
  void state_failed(Now now, const WantState& to);
  // How well this server's log can take entries; at first: well. A leader whose disk is worse than what a quorum's can do hands
  // over; one that is full is sent entries only while it is needed for a quorum; one that is not well stands last.
  void set_disk(Now now, Disk disk);
  // Leader only (else ignored): hands leadership to the voter with the best disk, of those to the most advanced. Forwards wait meanwhile; given
  // up after one election timeout.
  void transfer(Now now);

  [[nodiscard]] Ready take_ready();

  // What it knows, for status, logs and checks.
  [[nodiscard]] RoleChange role() const;
  [[nodiscard]] bool established()
      const;  // leading and the first entry of this epoch is delivered, or following such a leader
  [[nodiscard]] Disk disk() const;
  [[nodiscard]] Disk disks() const;  // what a quorum's can do at least; absent while no leader says so
  [[nodiscard]] HardState hard_state() const;  // the newest, durable or not
  [[nodiscard]] Zxid last() const;             // end of the log in memory
  [[nodiscard]] Zxid durable() const;
  [[nodiscard]] Zxid committed() const;
  [[nodiscard]] Zxid delivered() const;
  [[nodiscard]] Zxid floor() const;  // the log is kept above it
  [[nodiscard]] bool stateless() const;
  [[nodiscard]] Zxid state_at_least() const;       // while stateless: what it must be given
  [[nodiscard]] bool linked(ServerId peer) const;  // it has said Hello, and belongs to the same ensemble
  [[nodiscard]] const Membership& membership() const;
  [[nodiscard]] std::vector<Follower> followers() const;          // by id; of a leader, else none
  [[nodiscard]] const std::optional<Founding>& founding() const;  // as delivered or in the log
  // What a checkpoint of the state at delivered() keeps; nothing before anything is delivered.
  [[nodiscard]] std::optional<Base> base() const;
  [[nodiscard]] std::string describe() const;  // one line, as in logs and transcripts
  // The same of two peers that will do the same; as bytes (fingerprint.h says what does not show).
  [[nodiscard]] std::string fingerprint() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::broadcast
