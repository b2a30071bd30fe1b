#include "client/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace muster::bench {

// A value of n bits beyond the exact ones loses its n lowest: its bucket is the n-th group of `half` buckets.
std::size_t Histogram::bucket_of(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  const int lost = std::max(0, static_cast<int>(std::bit_width(bits)) - exact_bits);
  return half * static_cast<std::size_t>(lost) + static_cast<std::size_t>(bits >> lost);
}

std::int64_t Histogram::last_of(std::size_t bucket) {
  const std::size_t lost = bucket < 2 * half ? 0 : bucket / half - 1;
  return (static_cast<std::int64_t>(bucket - half * lost + 1) << lost) - 1;
}

void Histogram::record(std::int64_t ns) {
  const std::int64_t value = std::clamp<std::int64_t>(ns, 0, highest);
  ++counts_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

std::int64_t Histogram::percentile(double share) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  const std::uint64_t wanted = std::clamp<std::uint64_t>(rank, 1, std::max<std::uint64_t>(count_, 1));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(last_of(i), max_);
  }
  return 0;
}

}  // namespace muster::bench
