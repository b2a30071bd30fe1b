#include "client/bench/timeline.h"

#include <algorithm>
#include <cstddef>

namespace muster::bench {

Timeline::Timeline(Window window)
    : window_(window), slices_(static_cast<std::size_t>((window.to - window.from) / millisecond + 1)) {}

void Timeline::completed(Time at) {
  if (!window_.holds(at)) return;
  Slice& slice = slices_[static_cast<std::size_t>((at - window_.from) / millisecond)];
  if (slice.count++ == 0) slice.first = at;
  slice.last = at;
}

void Timeline::add(const Timeline& other) {
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    const Slice& more = other.slices_[i];
    if (more.count == 0) continue;
    Slice& slice = slices_[i];
    slice.first = slice.count == 0 ? more.first : std::min(slice.first, more.first);
    slice.last = std::max(slice.last, more.last);
    slice.count += more.count;
  }
}

std::uint64_t Timeline::count() const {
  std::uint64_t count = 0;
  for (const Slice& slice : slices_) count += slice.count;
  return count;
}

Time Timeline::longest_gap() const {
  Time longest = 0;
  Time last = window_.from;
  for (const Slice& slice : slices_) {
    if (slice.count == 0) continue;
    longest = std::max(longest, slice.first - last);
    last = slice.last;
  }
  return std::max(longest, window_.to - last);
}

double Timeline::lowest_second() const {
  constexpr std::size_t slices_per_second = second / millisecond;
  const auto whole = static_cast<std::size_t>((window_.to - window_.from) / second);
  if (whole == 0) return window_.to == window_.from ? 0 : static_cast<double>(count()) / window_.seconds();
  std::vector<std::uint64_t> seconds(whole);
  for (std::size_t i = 0; i < whole * slices_per_second; ++i)
    seconds[i / slices_per_second] += slices_[i].count;
  return static_cast<double>(*std::min_element(seconds.begin(), seconds.end()));
}

}  // namespace muster::bench
