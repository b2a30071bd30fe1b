// The watch workload: all connections but the first watch one znode, the first changes it. A round lasts from its change until the
// last watcher has heard of it; then all watch again.
#pragma once

#include <cstddef>
#include <vector>

#include "client/bench/loop.h"
#include "client/bench/results.h"
#include "client/bench/znodes.h"

namespace muster::bench {

class FanOut : public Work {
 public:
  FanOut(const Znodes& znodes, std::size_t size, Window window);

  void start(Loop& loop, Time now) override;
  void opened(Connection& connection, Time now) override;
  void answered(Connection& connection, const Answer& answer) override;
  void notified(Connection& connection, Time now) override;
  void lost(Connection& connection, Time now) override;
  Time advance(Time now) override;
  [[nodiscard]] bool done() const override { return done_; }

  [[nodiscard]] const Results& results() const { return results_; }

 private:
  enum class Watcher : std::uint8_t { away, arming, armed, told };
  static bool is_writer(const Connection& connection) { return connection.index() == 0; }
  void arm(Connection& connection, Time now);
  void become(const Connection& connection, Watcher state);
  void maybe_change(Time now);
  void maybe_end_round(Time now);

  Prepared watch_, change_;
  Results results_;
  Loop* loop_ = nullptr;
  std::vector<Watcher> watchers_;  // by connection; the writer's is not used
  std::size_t counts_[4] = {};     // of the watchers, by state
  bool changing_ = false;          // a round is under way
  bool broken_ = false;            // a watcher was lost meanwhile: the round does not count
  Time changed_ = 0;               // when it began
  bool done_ = false;
};

}  // namespace muster::bench
