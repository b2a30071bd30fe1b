#include "tests/simulation/shrink.h"

#include <fmt/core.h>

#include <cstdio>
#include <utility>

#include "tests/simulation/campaign.h"
#include "tests/simulation/world.h"

namespace muster::simulation {
namespace {

class Shrinker {
 public:
  explicit Shrinker(const Options& options) : smallest_(options) {
    smallest_.seeds = 1;
    smallest_.jobs = 1;
  }

  // False: it does not fail at all.
  bool begin() {
    failure_ = run(smallest_);
    return !failure_.invariant.empty();
  }
  void drop_fault_classes() {
    for (bool again = true; std::exchange(again, false);) {
      for (std::size_t i = 0; i < fault_count; ++i) {
        const auto fault = static_cast<Fault>(i);
        if (World(smallest_.run).profile().rates[fault] == 0) continue;
        Options smaller = smallest_;
        smaller.run.without.push_back(fault);
        again = keep_if_it_fails(smaller) || again;
      }
    }
  }
  void drop_clients() {
    Options smaller = smallest_;
    const int clients = World(smallest_.run).profile().clients;
    for (int left = 0; left <= clients; ++left) {
      smaller.run.clients = left;
      if (keep_if_it_fails(smaller)) return;
    }
  }
  // What breaks before the healing breaks as well if that begins just after it.
  void drop_time() {
    const auto broke_s = static_cast<std::int64_t>(failure_.simulated_us / 1'000'000) + 1;
    Options smaller = smallest_;
    if (broke_s < smallest_.run.seconds) {
      smaller.run.seconds = broke_s;
      (void)keep_if_it_fails(smaller);
    }
    for (std::int64_t step = smallest_.run.seconds / 2; step > 0; step /= 2) {
      while (smallest_.run.seconds > step) {
        smaller = smallest_;
        smaller.run.seconds -= step;
        if (!keep_if_it_fails(smaller)) break;
      }
    }
  }
  [[nodiscard]] std::string command() const { return command_of(smallest_, smallest_.run.seed); }
  [[nodiscard]] const RunResult& failure() const { return failure_; }

 private:
  static RunResult run(const Options& options) {
    const Campaign campaign = run_campaign(options, [](const RunResult&) { return true; });
    return campaign.results.at(0);
  }
  bool keep_if_it_fails(const Options& smaller) {
    const RunResult result = run(smaller);
    if (result.invariant != failure_.invariant) return false;
    smallest_ = smaller;
    failure_ = result;
    fmt::print("still {}: {}\n", result.invariant, command());
    std::fflush(stdout);
    return true;
  }

  Options smallest_;
  RunResult failure_;
};

}  // namespace

int shrink(const Options& options) {
  Shrinker shrinker(options);
  if (!shrinker.begin()) {
    fmt::print("seed {} does not fail\n", options.run.seed);
    return 1;
  }
  fmt::print("invariant={} detail: {}\n", shrinker.failure().invariant, shrinker.failure().detail);
  shrinker.drop_fault_classes();
  shrinker.drop_clients();
  shrinker.drop_time();
  fmt::print("SMALLEST invariant={} cmd=\"{}\" detail: {}\n", shrinker.failure().invariant,
             shrinker.command(), shrinker.failure().detail);
  return 0;
}

}  // namespace muster::simulation
