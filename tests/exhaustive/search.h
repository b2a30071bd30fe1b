// Goes through all that can happen, breadth first: what is found is found by one of the ways with the fewest choices.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tests/exhaustive/world.h"

namespace muster::exhaustive {

struct Limits {
  std::size_t states = 20'000'000;
  int depth = 1000;  // choices after the founding
};

struct Level {
  int depth = 0;
  std::size_t states = 0;  // all so far
  std::size_t fresh = 0;   // first met at this depth
};

struct Finding {
  std::size_t states = 0, steps = 0;
  int depth = 0;          // of the deepest that was gone through
  bool complete = false;  // nothing is left within the bounds
  std::string broken;     // empty: nothing is
  std::vector<Choice> way;
};

[[nodiscard]] Finding search(Ensemble& ensemble, const Bounds& bounds, Order order, const Limits& limits,
                             const std::function<void(const Level&)>& on_level);

}  // namespace muster::exhaustive
