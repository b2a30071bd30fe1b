// muster-sim: see --help.
#include <fmt/core.h>

#include <cstdio>

#include "tests/simulation/campaign.h"
#include "tests/simulation/options.h"
#include "tests/simulation/report.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/world.h"

namespace muster::simulation {
namespace {

// One seed, here and now.
int run_one(const Options& options) {
  active_mutant = options.mutant;
  fmt::print("seed={} {}\n", options.run.seed, World(options.run).profile().describe());
  std::fflush(stdout);
  const RunResult r = run_seed(options.run);
  fmt::print("seed={}", r.seed);
  for (const ResultField& each : result_fields) fmt::print(" {}={}", each.name, r.*each.field);
  fmt::print(" hash={:016x}\n", r.hash);
  if (options.twice) {
    const RunResult again = run_seed(options.run);
    fmt::print("again: hash={:016x}\n", again.hash);
    if (again.hash != r.hash) {
      fmt::print("FAIL seed={} invariant=determinism cmd=\"{} --twice\"\n", options.run.seed,
                 command_of(options, options.run.seed));
      return 1;
    }
  }
  if (r.invariant.empty()) return 0;
  fmt::print("{}\n", failure_line(options, r));
  return 1;
}

void store(const Options& options, const std::string& line) {
  if (options.store.empty()) return;
  std::FILE* file = std::fopen(options.store.c_str(), "a");
  if (file == nullptr) return;
  fmt::print(file, "{}\n", line);
  std::fclose(file);
}

// The ends of so many failing seeds are printed; the others can be seen with their commands.
constexpr std::size_t ends_told = 3;

int run_many(const Options& options) {
  const std::string how_many = options.campaign_minutes > 0
                                   ? fmt::format("campaign_minutes={}", options.campaign_minutes)
                                   : fmt::format("seeds={}", options.seeds);
  fmt::print("from={} {} simulated_seconds={} jobs={} mutant={}\n", options.run.seed, how_many,
             options.run.seconds, options.jobs, name_of(options.mutant));
  std::fflush(stdout);
  std::size_t failures = 0;
  const Campaign campaign = run_campaign(options, [&](const RunResult& result) {
    const std::string line = failure_line(options, result);
    fmt::print("{}\n", line);
    if (++failures <= ends_told) print_last_events(options, result);
    std::fflush(stdout);
    store(options, line);
    return options.keep_going;
  });
  print_totals(campaign, failures);
  const bool marks = print_marks(campaign);
  if (options.demand_marks && !marks) {
    fmt::print("FAIL a mark was not passed; run longer, or make what leads there likelier\n");
    return 1;
  }
  return failures == 0 || (options.fresh && !options.store.empty()) ? 0 : 1;
}

// Whether some seed notices the deliberate bug, and notices nothing without it.
bool kill_mutant(Options options) {
  options.twice = options.twice || options.mutant == Mutant::unseeded_random;
  std::uint64_t killer = 0;
  std::string how;
  const Campaign campaign = run_campaign(options, [&](const RunResult& result) {
    killer = result.seed;
    how = result.invariant;
    return false;
  });
  if (how.empty()) {
    fmt::print("SURVIVED mutant={} seeds={}\n", name_of(options.mutant), campaign.results.size());
    return false;
  }
  fmt::print("KILLED mutant={} seeds={} seed={} invariant={} seconds={:.1f} cpu_seconds={:.1f}\n",
             name_of(options.mutant), campaign.results.size(), killer, how, campaign.seconds,
             campaign.cpu_seconds);
  std::fflush(stdout);
  options.mutant = Mutant::none;
  options.run.seed = killer;
  options.seeds = 1;
  bool passes = true;
  (void)run_campaign(options, [&](const RunResult& result) {
    fmt::print("FAIL without the mutant: {}\n", failure_line(options, result));
    return passes = false;
  });
  return passes;
}

int kill_all_mutants(Options options) {
  bool all = true;
  for (int i = 1; i <= static_cast<int>(last_mutant); ++i) {
    options.mutant = static_cast<Mutant>(i);
    all = kill_mutant(options) && all;
  }
  return all ? 0 : 1;
}

int run(const Options& options) {
  if (options.all_mutants) return kill_all_mutants(options);
  if (options.until_failure) return kill_mutant(options) ? 0 : 1;
  if (options.shrink) return shrink(options);
  if (options.seeds == 1) return run_one(options);
  return run_many(options);
}

}  // namespace
}  // namespace muster::simulation

int main(int argc, char** argv) {
  return muster::simulation::run(muster::simulation::parse_options(argc, argv));
}
