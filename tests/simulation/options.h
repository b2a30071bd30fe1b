// The command line.
#pragma once

#include <cstdint>
#include <string>

#include "common/mutant.h"
#include "tests/simulation/run.h"

namespace muster::simulation {

struct Options {
  RunOptions run;
  std::uint64_t seeds = 1;            // run.seed, run.seed + 1, …
  std::int64_t campaign_minutes = 0;  // of the wall clock; then as many seeds as fit into them
  int jobs = 1;
  bool twice = false;          // each seed twice; the hashes must agree
  bool until_failure = false;  // stop at the first seed that fails; that is what is wanted
  bool all_mutants = false;    // each mutant in turn until it is killed
  bool fresh = false;          // a first seed that nobody chose
  bool keep_going = false;     // report every failing seed instead of the first
  bool demand_marks = false;   // fail if there is a mark that no seed has passed
  bool shrink = false;         // find the smallest command that still fails
  std::string store;           // file to which failing fresh seeds are appended
  Mutant mutant = Mutant::none;
};

// Prints and exits for --help, --list-mutants and mistakes.
[[nodiscard]] Options parse_options(int argc, char** argv);

// The command that shows this seed again.
[[nodiscard]] std::string command_of(const Options& options, std::uint64_t seed);

}  // namespace muster::simulation
