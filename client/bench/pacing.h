// An open loop's clock: the n-th request is due at start + n / rate, whatever became of those before it. A
// latency that is counted from there holds the time that a request had to wait because others were slow.
#pragma once

#include <cstdint>
#include <optional>

#include "client/bench/timeline.h"

namespace muster::bench {

class Pace {
 public:
  // `rate`: requests a second, greater than 0. The first is due at `start`.
  Pace(Time start, double rate) : start_(start), interval_(static_cast<double>(second) / rate) {}

  // When the next one is due.
  [[nodiscard]] Time next() const { return start_ + static_cast<Time>(static_cast<double>(n_) * interval_); }
  // The next one, if it is due: when it was. Call until there is none.
  [[nodiscard]] std::optional<Time> take(Time now) {
    const Time due = next();
    if (due > now) return std::nullopt;
    ++n_;
    return due;
  }

 private:
  Time start_;
  double interval_;  // ns
  std::uint64_t n_ = 0;
};

}  // namespace muster::bench
