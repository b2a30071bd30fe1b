// What is counted for people: by a server since its start or the last srst, by a connection since it was opened or the last
// crst.
#pragma once

#include <muster/ids.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/wire/opcodes.h"

namespace muster::frontend {

// The time that requests took, in ms.
struct Latency {
  std::uint64_t count = 0;
  std::int64_t total = 0, min = 0, max = 0, last = 0;

  void add(std::int64_t ms) {
    min = count == 0 ? ms : std::min(min, ms);
    max = std::max(max, ms);
    total += ms;
    last = ms;
    ++count;
  }
};

// Of things in bytes; -1: there was none.
struct Sizes {
  std::int64_t last = -1, min = -1, max = -1;

  void add(std::size_t bytes) {
    last = static_cast<std::int64_t>(bytes);
    min = min < 0 ? last : std::min(min, last);
    max = std::max(max, last);
  }
};

struct Counters {
  std::uint64_t packets_received = 0, packets_sent = 0;
  Latency latency;
  Sizes responses;  // replies and events, without their length
  std::uint64_t auth_failed = 0;
};

// One connection's.
struct Traffic {
  std::uint64_t received = 0, sent = 0;  // packets
  Latency latency;
  // Of the last reply; `notification`: there was none.
  wire::OpCode operation = wire::OpCode::notification;
  Xid xid{-1};  // of the last whose xid is not reserved
  Zxid zxid{-1};
  std::int64_t answered_ms = 0;  // mono_ms
};

// A reply that has been written.
struct Answered {
  wire::OpCode operation{};
  Xid xid;
  Zxid zxid;
  std::int64_t asked_ms = 0;  // mono_ms
  std::size_t bytes = 0;      // of the whole frame
};

inline constexpr std::size_t frame_length_bytes = 4;

inline void note_packet_sent(Counters& counters, Traffic& traffic, std::size_t frame_bytes) {
  ++counters.packets_sent;
  ++traffic.sent;
  counters.responses.add(frame_bytes - frame_length_bytes);
}

inline void note_answer(std::int64_t now_ms, Counters& counters, Traffic& traffic, const Answered& answer) {
  note_packet_sent(counters, traffic, answer.bytes);
  const std::int64_t took_ms = now_ms - answer.asked_ms;
  counters.latency.add(took_ms);
  traffic.latency.add(took_ms);
  traffic.operation = answer.operation;
  if (answer.xid.value >= 0) traffic.xid = answer.xid;
  traffic.zxid = answer.zxid;
  traffic.answered_ms = now_ms;
}

}  // namespace muster::frontend
