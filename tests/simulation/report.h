// What a campaign tells.
#pragma once

#include <string>

#include "tests/simulation/campaign.h"

namespace muster::simulation {

// FAIL or FRESH FAILURE, and the command that shows it again.
[[nodiscard]] std::string failure_line(const Options& options, const RunResult& result);
void print_totals(const Campaign& campaign, std::size_t failures);
// Each mark and how often it was passed, in how many seeds. False: one was not.
[[nodiscard]] bool print_marks(const Campaign& campaign);
// Runs a failing seed again and prints the end of what the servers involved did: those that the detail names, or else all.
void print_last_events(const Options& options, const RunResult& result);

}  // namespace muster::simulation
