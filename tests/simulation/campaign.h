// Many seeds: in child processes, so that a server that stops itself (CHECK) or never returns is one failing
// seed like any other.
#pragma once

#include <functional>
#include <vector>

#include "tests/simulation/options.h"

namespace muster::simulation {

struct Campaign {
  std::vector<RunResult> results;  // by seed; of seeds that were run
  double seconds = 0, cpu_seconds = 0;
};

// `on_failure` hears of each failing seed at once; false from it ends the campaign.
[[nodiscard]] Campaign run_campaign(const Options& options,
                                    const std::function<bool(const RunResult&)>& on_failure);

}  // namespace muster::simulation
