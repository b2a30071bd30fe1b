// What a connection needs of the server around it, for the length of one call.
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "server/frontend/counters.h"
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
  bool takes_writes =
      true;  // false: they are refused, since no quorum could store them; sessions begin and end
  std::string super_digest;  // "user:base64(sha1(user:password))": who may do everything; empty: nobody
};

struct Context {
  const Settings& settings;
  const tree::Tree& tree;
  watch::Watches& watches;
  Counters& counters;
  Now now;
};

}  // namespace muster::frontend
