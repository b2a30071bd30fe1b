// Many sessions that do nothing but live: they ping as clients do, come back when their server is gone, and hear what they watch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "client/bench/loop.h"

namespace muster::bench {

// Exists watches of each connection, on znodes that need not exist: /crowd/0000000000 and so on.
struct CrowdWatches {
  std::size_t each = 0;
  bool own = false;  // each connection watches others than the rest; else all watch the same
};

// Until its standard input ends. Of its lines, "watch" sets the watches; for any other it writes one line, what it has counted, as
// JSON; times are of CLOCK_MONOTONIC.
class Crowd : public Work {
 public:
  explicit Crowd(CrowdWatches watches);

  void start(Loop& loop, Time now) override;
  void opened(Connection& connection, Time now) override;
  void answered(Connection& connection, const Answer& answer) override;
  void notified(Connection& connection, Time now) override;
  void lost(Connection& connection, Time now) override;
  Time advance(Time now) override;
  [[nodiscard]] bool done() const override { return done_; }

 private:
  void listen(Time now);
  void report() const;
  void watch(Connection& connection, Time now);

  CrowdWatches watches_;
  Prepared exists_;
  Loop* loop_ = nullptr;
  std::vector<SessionId> sessions_;  // of each connection, the last that it had
  std::string line_;
  std::size_t open_ = 0, lost_ = 0, expired_ = 0, watched_ = 0, events_ = 0;
  Time last_opened_ = 0, next_look_ = 0;
  bool done_ = false;
};

}  // namespace muster::bench
