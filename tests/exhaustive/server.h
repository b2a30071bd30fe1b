// One server of the small world: a process, or none, over a disk. A value; run() says what becomes of it by one input, and
// what is heard of it. Its clock stands still but for time-outs, all of which then pass.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/broadcast/peer.h"

namespace muster::exhaustive {

inline constexpr int ensemble_size = 3;  // their ids are 1, 2, 3

// What is synced.
struct Disk {
  broadcast::HardState hard_state;
  std::vector<broadcast::Entry> log;
  Zxid committed;  // the commit mark
  std::string cluster_id;
};

struct Server {
  int id = 0;
  std::optional<broadcast::Peer> peer;
  Disk disk;
  std::optional<broadcast::Persist> persist;                 // in flight
  std::array<broadcast::LinkId, ensemble_size + 1> links{};  // by peer; 0: none
  broadcast::LinkId last_link = 0;
  std::int64_t now_ms = 0;
  std::uint64_t boots = 0;
  broadcast::BarrierId barriers = 0;
  std::uint64_t proposed = 0, own_delivered = 0;  // of this process

  // Equal for servers that will do the same.
  [[nodiscard]] std::string fingerprint() const;
};

struct Input {
  enum class Kind : std::uint8_t {
    deliver,    // `message` from `peer`
    disk,       // the write in flight is done
    time_out,   // all that it waits for is over; one that had a leader then asks for votes
    propose,    // a client's write
    barrier,    // a client wants to read what is newest
    crash,      // with `variant` of what the disk may have done of the write in flight (crash_variants)
    start,      // from what is on its disk
    link_up,    // a new link to `peer`
    link_down,  // it notices that the link to `peer` is broken
  };
  Kind kind = Kind::deliver;
  int peer = 0;
  int variant = 0;
  const broadcast::Message* message = nullptr;
};

struct Sent {
  int to = 0;
  broadcast::Message message;
};

struct Outcome {
  Server after;
  std::vector<Sent> sent;
  std::vector<broadcast::Delivery> delivered;
  std::vector<broadcast::BarrierId> passed;
  std::string broken;  // a rule that this server broke by itself; empty: none
};

// Of its log once everything handed to the disk is done.
[[nodiscard]] std::vector<broadcast::Entry> handed_log(const Server& server);

// The write in flight may have been done in part: a part of the log's changes, in order, with the vote or without.
[[nodiscard]] int crash_variants(const Server& server);

[[nodiscard]] Outcome run(const Server& server, const Input& input);

}  // namespace muster::exhaustive
