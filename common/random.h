// A seeded generator (xoshiro256**, Blackman and Vigna) with distributions of our own: the same seed gives the same numbers with
// every compiler and library.
#pragma once

#include <array>
#include <cstdint>

namespace muster {

class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  // Uniform in [0, below). Requires below > 0.
  std::uint64_t below(std::uint64_t below);
  // Uniform in [low, high], both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  // True with probability numerator / denominator.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) { return below(denominator) < numerator; }
  // A generator of its own for one concern: adding a draw there does not shift the others.
  [[nodiscard]] Random fork(std::uint64_t label) const;

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace muster
