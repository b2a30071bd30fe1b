// muster-sim: see --help.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "tests/simulation/campaign.h"
#include "tests/simulation/options.h"

namespace muster::simulation {
namespace {

std::string failure_line(const Options& options, const RunResult& result) {
  return fmt::format("seed={} invariant={} event={} t={:.6f} cmd=\"{}\" detail: {}", result.seed,
                     result.invariant, result.events, static_cast<double>(result.simulated_us) / 1e6,
                     command_of(options, result.seed), result.detail);
}

template <class Field>
std::uint64_t median(const std::vector<RunResult>& results, Field field) {
  std::vector<std::uint64_t> values;
  for (const RunResult& result : results) values.push_back(static_cast<std::uint64_t>(result.*field));
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

template <class Field>
std::uint64_t sum(const std::vector<RunResult>& results, Field field) {
  std::uint64_t total = 0;
  for (const RunResult& result : results) total += static_cast<std::uint64_t>(result.*field);
  return total;
}

void print_totals(const Campaign& campaign, std::size_t failures) {
  const auto& r = campaign.results;
  const double minutes = static_cast<double>(sum(r, &RunResult::simulated_us)) / 60e6;
  fmt::print(
      "seeds={} failures={} simulated_minutes={:.0f} seconds={:.1f} seeds_per_second={:.2f} speed={:.0f}x\n",
      r.size(), failures, minutes, campaign.seconds, static_cast<double>(r.size()) / campaign.seconds,
      minutes * 60 / campaign.seconds);
  fmt::print(
      "total: committed={} elections={} crashes={} wipes={} partitions={} moves={} acks={} reads={} "
      "watch_events={} retold={} checkpoints={} loads={} installs={} grants={}\n",
      sum(r, &RunResult::committed), sum(r, &RunResult::elections), sum(r, &RunResult::crashes),
      sum(r, &RunResult::wipes), sum(r, &RunResult::partitions), sum(r, &RunResult::moves),
      sum(r, &RunResult::acks), sum(r, &RunResult::reads), sum(r, &RunResult::watch_events),
      sum(r, &RunResult::retold), sum(r, &RunResult::checkpoints), sum(r, &RunResult::loads),
      sum(r, &RunResult::installs), sum(r, &RunResult::grants));
  fmt::print("median: committed={} elections={} crashes={} acks={} reads={} events={} healing_ms={}\n",
             median(r, &RunResult::committed), median(r, &RunResult::elections),
             median(r, &RunResult::crashes), median(r, &RunResult::acks), median(r, &RunResult::reads),
             median(r, &RunResult::events), median(r, &RunResult::healing_us) / 1000);
}

void print_faults(const std::vector<RunResult>& results) {
  fmt::print("faults:");
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    std::uint64_t total = 0;
    for (const RunResult& result : results) total += result.faults[fault];
    fmt::print(" {}={}", describe(fault).name, total);
  }
  fmt::print("\n");
}

// One seed, here and now.
int run_one(const Options& options) {
  active_mutant = options.mutant;
  fmt::print("seed={} {}\n", options.run.seed, World(options.run).describe());
  std::fflush(stdout);
  const RunResult r = run_seed(options.run);
  fmt::print(
      "t={:.1f}s events={} committed={} elections={} crashes={} wipes={} partitions={} moves={} acks={} "
      "reads={} watch_events={} retold={} checkpoints={} loads={} installs={} grants={} "
      "healing={}ms hash={:016x}\n",
      static_cast<double>(r.simulated_us) / 1e6, r.events, r.committed, r.elections, r.crashes, r.wipes,
      r.partitions, r.moves, r.acks, r.reads, r.watch_events, r.retold, r.checkpoints, r.loads, r.installs,
      r.grants, r.healing_us / 1000, r.hash);
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
  fmt::print("FAIL {}\n", failure_line(options, r));
  return 1;
}

void store(const Options& options, const std::string& line) {
  if (options.store.empty()) return;
  std::FILE* file = std::fopen(options.store.c_str(), "a");
  if (file == nullptr) return;
  fmt::print(file, "{}\n", line);
  std::fclose(file);
}

int run_many(const Options& options) {
  fmt::print("seeds={}..{} minutes={} jobs={} mutant={}\n", options.run.seed,
             options.run.seed + options.seeds - 1, options.run.minutes, options.jobs,
             name_of(options.mutant));
  std::fflush(stdout);
  std::size_t failures = 0;
  const Campaign campaign = run_campaign(options, [&](const RunResult& result) {
    ++failures;
    const std::string line =
        fmt::format("{} {}", options.fresh ? "FRESH FAILURE" : "FAIL", failure_line(options, result));
    fmt::print("{}\n", line);
    std::fflush(stdout);
    store(options, line);
    return options.keep_going;
  });
  print_totals(campaign, failures);
  print_faults(campaign.results);
  return failures == 0 || (options.fresh && !options.store.empty()) ? 0 : 1;
}

// Whether some seed notices the deliberate bug, and notices nothing without it.
bool kill_mutant(Options options) {
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
  fmt::print("KILLED mutant={} seeds={} seed={} invariant={} seconds={:.1f}\n", name_of(options.mutant),
             campaign.results.size(), killer, how, campaign.seconds);
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
  if (options.seeds == 1) return run_one(options);
  return run_many(options);
}

}  // namespace
}  // namespace muster::simulation

int main(int argc, char** argv) {
  return muster::simulation::run(muster::simulation::parse_options(argc, argv));
}
