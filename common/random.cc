#include "common/random.h"

#include <bit>

#include "common/check.h"

namespace muster {
namespace {

std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

}  // namespace

Random::Random(std::uint64_t seed) {
  for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t below) {
  CHECK(below > 0, "an empty range has no number");
  // The bias of a plain remainder is below 2^-32 for every range used here.
  return next() % below;
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  CHECK(low <= high, "an empty range has no number");
  const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + below(span));
}

Random Random::fork(std::uint64_t label) const {
  std::uint64_t seed = state_[0] ^ std::rotl(label * 0x9E3779B97F4A7C15ULL, 29) ^ state_[3];
  return Random(split_mix(seed));
}

}  // namespace muster
