// How often each latency occurred: buckets whose width is at most 1/64 of their value, as in an HDR histogram.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace muster::bench {

class Histogram {
 public:
  static constexpr std::int64_t highest = (std::int64_t{1} << 40) - 1;  // ns, about 18 minutes

  // Below 0 counts as 0, above `highest` as `highest`.
  void record(std::int64_t ns);
  void add(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::int64_t max() const { return max_; }
  [[nodiscard]] double mean() const;
  // What `share` (0 to 1) of all values do not exceed, at most 1/64 too high; 0 if there are none.
  [[nodiscard]] std::int64_t percentile(double share) const;

 private:
  static constexpr int exact_bits = 7;  // below 128 each value has a bucket of its own
  static constexpr std::size_t half = std::size_t{1} << (exact_bits - 1);
  static constexpr std::size_t buckets = half * (40 - exact_bits + 2);
  static std::size_t bucket_of(std::int64_t value);
  static std::int64_t last_of(std::size_t bucket);

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace muster::bench
