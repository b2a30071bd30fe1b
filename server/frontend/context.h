// What a connection needs of the server around it, for the length of one call.
#pragma once

#include <muster/ids.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "common/clock.h"
#include "server/tree/tree.h"
#include "server/watch/watches.h"

namespace muster::frontend {

using ConnId = watch::ConnId;

// Names a request of one connection (0, 1, 2, … in the order read).
using SlotId = std::uint64_t;

struct Settings {
  ServerId self;
  std::int64_t tick_ms = 2000;         // time-outs are clamped to 2–20 of these
  std::int32_t max_remembered = 1000;  // outcomes that one session may ask to be remembered
  std::size_t max_frame_bytes = 0xfffff;
  std::size_t max_requests_in_flight = 1000;
  std::size_t max_output_bytes = std::size_t{16} * 1024 * 1024;
  std::size_t max_watches = 100000;  // of one connection
  std::string super_digest;  // "user:base64(sha1(user:password))": who may do everything; empty: nobody
};

// For people: srvr, mntr.
struct Counters {
  std::uint64_t packets_received = 0, packets_sent = 0;
  std::uint64_t answered = 0;  // requests
  std::int64_t latency_total_ms = 0, latency_min_ms = 0, latency_max_ms = 0;

  void answered_after(std::int64_t ms) {
    latency_min_ms = answered == 0 ? ms : std::min(latency_min_ms, ms);
    latency_max_ms = std::max(latency_max_ms, ms);
    latency_total_ms += ms;
    ++answered;
    ++packets_sent;
  }
};

struct Context {
  const Settings& settings;
  const tree::Tree& tree;
  watch::Watches& watches;
  Counters& counters;
  Now now;
};

}  // namespace muster::frontend
