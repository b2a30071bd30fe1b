// What the log holds and how a proposal is named. (proto/entry.proto says the same of its bytes.)
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/bytes.h"

namespace muster::broadcast {

// Names one proposal for ever: the n-th of this process (boot) of this server. boot is random per process
// start; n starts at 1.
struct ForwardId {
  ServerId origin;
  std::uint64_t boot = 0;
  std::uint64_t n = 0;
  friend auto operator<=>(const ForwardId&, const ForwardId&) = default;
};

enum class EntryKind : std::uint8_t {
  command = 1,      // payload: what the tree applies
  epoch_start = 2,  // a leader's first entry of its epoch; no payload
  founding =
      3,  // zxid of the first entry; payload: Founding (proto/entry.proto): cluster id, secret, membership
  membership = 4,  // payload: Membership
};

// Identified by (epoch, zxid). time_ms is the leader's wall clock. semantics is the version of apply() to use
// (now 1).
struct Entry {
  Epoch epoch;
  Zxid zxid;
  EntryKind kind = EntryKind::command;
  std::int64_t time_ms = 0;
  std::uint32_t semantics = 1;
  ForwardId forward;  // all 0 unless kind == command
  SharedBytes payload;
  friend bool operator==(const Entry&, const Entry&) = default;
};

// Rough memory and wire size of an entry, for windows and batches.
[[nodiscard]] inline std::size_t size_of(const Entry& entry) { return entry.payload.size() + 64; }

// What must be on disk before a vote is given. The greater epoch of two valid ones counts.
struct HardState {
  Epoch epoch;
  ServerId vote;  // in `epoch`; 0: none yet
  // False for a server whose disk is new or was wiped: it neither votes nor stands, and its acks don't count
  // (DESIGN D14).
  bool qualified = false;
  // It never votes in epochs up to this one: it may have done so before it was wiped.
  Epoch no_vote_through;
  friend bool operator==(const HardState&, const HardState&) = default;
};

struct Member {
  ServerId id;
  bool voter = true;  // false: observer
  friend auto operator<=>(const Member&, const Member&) = default;
};
// Sorted by id, no duplicates.
struct Membership {
  std::vector<Member> members;
  [[nodiscard]] bool is_voter(ServerId id) const;
  [[nodiscard]] bool contains(ServerId id) const;
  [[nodiscard]] std::size_t voters() const;
  [[nodiscard]] std::size_t quorum() const { return voters() / 2 + 1; }
  friend bool operator==(const Membership&, const Membership&) = default;
};

// The payload of the founding entry.
struct Founding {
  std::string cluster_id;  // 16 random bytes
  std::string secret;      // 32 random bytes; session passwords derive from it
  Membership membership;
  friend bool operator==(const Founding&, const Founding&) = default;
};

[[nodiscard]] std::string encode(const Founding& founding);
[[nodiscard]] bool decode(std::string_view bytes, Founding& founding);
[[nodiscard]] std::string encode(const Membership& membership);
[[nodiscard]] bool decode(std::string_view bytes, Membership& membership);

}  // namespace muster::broadcast
