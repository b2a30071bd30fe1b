// How long a fault lasts.
#pragma once

#include "common/random.h"

namespace muster::simulation {

// Mostly near `high`, now and then much shorter.
[[nodiscard]] inline std::int64_t spread(Random& random, std::int64_t low, std::int64_t high) {
  std::int64_t value = low;
  while (value < high && random.chance(2, 3)) value *= 2;
  return random.between(value / 2, value);
}

}  // namespace muster::simulation
