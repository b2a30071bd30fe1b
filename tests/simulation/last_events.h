// The end of a failing seed, for a person.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/options.h"

namespace muster::simulation {

// Runs the seed again, in a process of its own, and gives the last 200 lines of its trace that tell of the servers which the
// result's detail names; of all servers, if it names none.
[[nodiscard]] std::vector<std::string> last_events(const Options& options, const RunResult& result);

}  // namespace muster::simulation
