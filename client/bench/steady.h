// Workloads that keep requests in flight: closed (each answer brings the next request) or at a fixed rate.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "client/bench/loop.h"
#include "client/bench/pacing.h"
#include "client/bench/results.h"

namespace muster::bench {

// What the next request is.
class Source {
 public:
  virtual ~Source() = default;
  virtual void send(Connection& connection, Time due) = 0;
  // The connection comes back with another session; what it had sent may or may not have been done.
  virtual void lost(const Connection& /*connection*/) {}
};

struct Schedule {
  Window window;
  std::size_t in_flight = 1;
  std::optional<Pace> pace;  // none: closed
};

class Steady : public Work {
 public:
  Steady(Source& source, const Schedule& schedule);

  void start(Loop& loop, Time now) override;
  void opened(Connection& connection, Time now) override { fill(connection, now); }
  void answered(Connection& connection, const Answer& answer) override;
  void lost(Connection& connection, Time now) override;
  Time advance(Time now) override;
  [[nodiscard]] bool done() const override { return done_; }

  [[nodiscard]] const Results& results() const { return results_; }

 private:
  void send_due(Time now);
  void fill(Connection& connection, Time now);
  void send(Connection& connection, Time due);
  [[nodiscard]] bool owes() const;

  Source& source_;
  Schedule schedule_;
  Results results_;
  Loop* loop_ = nullptr;
  std::vector<std::deque<Time>>
      waiting_;           // of each connection: requests that were due while it was full or lost
  std::size_t turn_ = 0;  // which connection the next due request is for
  bool done_ = false;
};

}  // namespace muster::bench
