// Whether the answers fit the one order that the zxids in them claim. Every answer names the zxid that it shows, so each is judged by
// itself; this takes linear time. The rules:
//   one-write     a zxid belongs to one write
//   real-time     a write that was called after another operation had returned has a greater zxid than that one shows
//   session       a session never sees the state go back, on whichever server, and a write of its own is behind all it saw
//   fresh         a synced read shows all that had been answered to anyone before it was called
//   write         a write's outcome, version and stat are what the writes below its zxid make of it
//   read          a read shows exactly what the writes up to its zxid have made
// A write of unknown outcome has taken effect at most once. Where a read shows it, its zxid is known; else all
// places are held possible.
#pragma once

#include "tests/checkers/history.h"

namespace muster::checkers {

[[nodiscard]] Violations check_zxid_order(const History& history);

}  // namespace muster::checkers
