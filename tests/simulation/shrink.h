// Makes a failing seed smaller: the same invariant breaks with fewer classes of fault, then fewer clients, then less time.
#pragma once

#include "tests/simulation/options.h"

namespace muster::simulation {

// Tells each step, and at last the smallest command. Exit status: 0, or 1 if the seed does not fail.
[[nodiscard]] int shrink(const Options& options);

}  // namespace muster::simulation
