// When requests completed within a window of time: how many, how steadily.
#pragma once

#include <cstdint>
#include <vector>

namespace muster::bench {

using Time = std::int64_t;  // ns on the monotonic clock
inline constexpr Time second = 1'000'000'000, millisecond = 1'000'000, microsecond = 1000;

struct Window {
  Time from = 0, to = 0;
  [[nodiscard]] bool holds(Time at) const { return from <= at && at < to; }
  [[nodiscard]] double seconds() const { return static_cast<double>(to - from) / second; }
};

class Timeline {
 public:
  explicit Timeline(Window window);

  void completed(Time at);          // what lies outside the window does not count
  void add(const Timeline& other);  // of the same window

  [[nodiscard]] std::uint64_t count() const;
  // The longest time without a completion, the window's ends included; exact from 1 ms on.
  [[nodiscard]] Time longest_gap() const;
  // The fewest completions in one of the window's whole seconds; of a shorter window its rate.
  [[nodiscard]] double lowest_second() const;

 private:
  struct Slice {  // of a millisecond: any longer gap lies between two of them
    Time first = 0, last = 0;
    std::uint64_t count = 0;
  };
  Window window_;
  std::vector<Slice> slices_;
};

}  // namespace muster::bench
