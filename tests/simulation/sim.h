// The simulation's event loop: simulated microseconds, a queue ordered by (time, order of asking), a running
// hash of all that happened, and the one way in which an invariant is reported as broken.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/fact.h"
#include "tests/simulation/fact_marks.h"
#include "tests/simulation/fault.h"

namespace muster::simulation {

// Thrown by whoever sees that something does not hold; ends the seed.
struct InvariantBroken {
  std::string invariant;  // its short name, as in the summary
  std::string detail;
};
[[noreturn]] void broken(std::string_view invariant, std::string detail);

class Loop {
 public:
  using Action = std::function<void()>;

  explicit Loop(bool trace) : trace_(trace) {}

  [[nodiscard]] std::int64_t now_us() const { return now_us_; }
  [[nodiscard]] std::int64_t now_ms() const { return now_us_ / 1000; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  // Of everything noted so far: two runs of one seed must agree.
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  // Runs `action` at `time_us`, which is not in the past; equal times run in the order of asking.
  void at(std::int64_t time_us, Action action);
  void after(std::int64_t delay_us, Action action);
  // Runs the next event, unless it lies after `until_us`; then only the time moves on. False: none was run.
  bool run_next(std::int64_t until_us = std::numeric_limits<std::int64_t>::max());

  // One fact of the run: into the hash, onto the trace if there is one,
  // and to the marks. Servers are counted from 1, clients from 0.
  void note(Fact what, std::initializer_list<std::int64_t> numbers);
  // A fault happens: noted, and counted.
  void fault(Fault kind, std::initializer_list<std::int64_t> numbers = {});
  [[nodiscard]] const FaultCounts& faults() const { return faults_; }
  // A moment that marks.h names was passed.
  void mark(Mark mark) { marks_.hit(mark); }
  [[nodiscard]] const MarkCounts& marks() const { return marks_.counts(); }
  [[nodiscard]] bool tracing() const { return trace_; }
  void say(const std::string& line) const;  // onto the trace only

 private:
  struct Event {
    std::int64_t time_us;
    std::uint64_t order;
    Action action;
  };
  static bool later(const Event& a, const Event& b) {
    return a.time_us != b.time_us ? a.time_us > b.time_us : a.order > b.order;
  }

  bool trace_;
  std::int64_t now_us_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  FaultCounts faults_;
  std::vector<Event> queue_;  // a heap
  FactMarks marks_;
};

}  // namespace muster::simulation
