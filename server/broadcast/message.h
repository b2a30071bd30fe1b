// What servers say to each other about the log. Every message carries the sender's epoch; links are FIFO
// streams that break. Messages are values here; proto/peer.proto has their bytes (server/node/peer_codec).
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/broadcast/entry.h"

namespace muster::broadcast {

// How well a server's log can take entries; a greater one is better. What a quorum of the voters can do at least is named alike.
enum class Disk : std::uint8_t {
  absent,   // not heard of, or it does not count
  full,     // there is no room for the log's next segment
  stalled,  // a write has not come back for long
  well,
};

// First on every new link, both ways.
struct Hello {
  std::uint64_t boot = 0;
  std::string cluster_id;  // empty: never founded
  bool qualified = false;
  bool empty = true;  // the log holds nothing
  Zxid last;          // end of the durable log
  Epoch last_epoch;
  std::optional<Zxid> state_lost;  // it wants one that is not older than this
  friend bool operator==(const Hello&, const Hello&) = default;
};

// "Would you / will you vote for me?" A pre-vote asks for epoch+1 without raising anything.
struct VoteRequest {
  bool pre = false;
  bool founding = false;  // the candidate is empty and asks all to found a new ensemble
  bool transfer =
      false;  // the leader asked the candidate to stand: "I still hear a leader" is no reason to refuse
  Epoch standing_for;
  Zxid last;
  Epoch last_epoch;
  friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};
struct VoteReply {
  bool pre = false;
  Epoch standing_for;  // the request's
  bool granted = false;
  friend bool operator==(const VoteReply&, const VoteReply&) = default;
};

// Entries after (prev_epoch, prev). With none it is a probe or tells only the commit point. Also the
// heartbeat (`beat` counts).
struct Append {
  Zxid prev;
  Epoch prev_epoch;
  std::vector<Entry> entries;
  Zxid commit;             // the leader's
  std::uint64_t beat = 0;  // of the newest round of heartbeats; proves leadership when a quorum has echoed it
  bool established =
      false;  // the leader's first entry is committed: `commit` covers all that was ever committed
  Disk disks = Disk::well;  // what a quorum, the leader among them, can do at least
  friend bool operator==(const Append&, const Append&) = default;
};
struct AppendReply {
  bool accepted = true;    // false: prev did not match; `durable` is then a hint where to go on
  Zxid durable;            // accepted: this log equals the leader's and is on disk up to here
  Epoch hint_epoch;        // rejected: the epoch of this log's entry at `durable`
  std::uint64_t beat = 0;  // echoed
  bool counts = true;      // false: not qualified; the ack counts neither for commit nor for leadership
  Disk disk = Disk::well;
  friend bool operator==(const AppendReply&, const AppendReply&) = default;
};

// The leader is ready for this origin's forwards: `last_n` is the last of (its server, `boot`) in the
// leader's log (DESIGN D9).
struct Welcome {
  std::uint64_t boot = 0;
  std::uint64_t last_n = 0;
  friend bool operator==(const Welcome&, const Welcome&) = default;
};
struct Forward {
  std::uint64_t boot = 0;
  std::uint64_t n = 0;  // of the first command; the others follow by one
  std::vector<SharedBytes> commands;
  friend bool operator==(const Forward&, const Forward&) = default;
};

// "Tell me how far I must read": answered when a quorum has confirmed, after it was asked, that the leader
// still leads.
struct BarrierRequest {
  std::uint64_t id = 0;  // the asker's, never used again on the same boot
  friend bool operator==(const BarrierRequest&, const BarrierRequest&) = default;
};
struct BarrierReply {
  std::uint64_t id = 0;
  Zxid zxid;
  friend bool operator==(const BarrierReply&, const BarrierReply&) = default;
};

// The leader hands over: stand for election now.
struct StandNow {
  friend bool operator==(const StandNow&, const StandNow&) = default;
};

struct Message {
  Epoch epoch;  // the sender's current one (a pre-vote's too)
  std::variant<Hello, VoteRequest, VoteReply, Append, AppendReply, Welcome, Forward, BarrierRequest,
               BarrierReply, StandNow>
      body;
  friend bool operator==(const Message&, const Message&) = default;
};

}  // namespace muster::broadcast
