#include "tests/simulation/options.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <random>

namespace muster::simulation {
std::string command_of(const Options& options, std::uint64_t seed) {
  const RunOptions& run = options.run;
  std::string command = fmt::format("build/muster-sim --seed {}", seed);
  command += run.seconds % 60 == 0 ? fmt::format(" --simulated-minutes {}", run.seconds / 60)
                                   : fmt::format(" --simulated-seconds {}", run.seconds);
  if (run.profile != ProfileKind::full) command += fmt::format(" --profile {}", name_of(run.profile));
  if (run.servers) command += fmt::format(" --servers {}", *run.servers);
  if (run.clients) command += fmt::format(" --clients {}", *run.clients);
  for (const Fault fault : run.without) command += fmt::format(" --without {}", describe(fault).name);
  if (run.skip_codec) command += " --skip-codec";
  if (options.mutant != Mutant::none) command += fmt::format(" --mutant {}", name_of(options.mutant));
  return command;
}

Options parse_options(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Runs whole ensembles of Muster over simulated disks, networks, clocks and clients, each from one "
      "seed, and checks after every event what must always hold.");
  int servers = 0, clients = -1;
  std::string mutant, profile = "full";
  std::vector<std::string> without;
  bool list = false;
  app.add_option("--seed", options.run.seed, "the (first) seed")->capture_default_str();
  app.add_option("--seeds", options.seeds, "how many seeds, from --seed on")->capture_default_str();
  app.add_option("--jobs", options.jobs, "processes at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  auto* minutes = app.add_option_function<std::int64_t>(
      "--simulated-minutes", [&](std::int64_t m) { options.run.seconds = m * 60; },
      "simulated minutes of faults for each seed (5)");
  app.add_option("--simulated-seconds", options.run.seconds, "the same in seconds")->excludes(minutes);
  app.add_option("--campaign-minutes", options.campaign_minutes,
                 "as many seeds that nobody chose as fit into so many minutes; 2 % of them run twice");
  app.add_flag("--demand-marks", options.demand_marks, "fail if there is a mark that no seed has passed");
  app.add_option("--servers", servers, "so many voters and no observers, instead of drawn numbers")
      ->check(CLI::Range(1, 7));
  app.add_option("--profile", profile,
                 "what is likely in a seed: core (fastest), full, disk, session or sync")
      ->capture_default_str()
      ->check(CLI::IsMember({"core", "full", "disk", "session", "sync"}));
  app.add_option("--clients", clients, "how many clients, besides the recipes' (which then are left out)");
  app.add_option("--without", without, "switch a class of faults off; may be repeated");
  app.add_flag(
      "--shrink", options.shrink,
      "the seed fails: look for the least that still breaks the same invariant, and print the command");
  app.add_option("--mutant", mutant, "run with this deliberate bug");
  app.add_flag("--list-mutants", list, "name the deliberate bugs");
  app.add_flag("--mutants", options.all_mutants,
               "each deliberate bug in turn, until a seed finds it; that seed must pass without the bug");
  app.add_flag("--trace", options.run.trace, "print every event");
  app.add_option("--stop-at", options.run.stop_at, "stop after this many events and say how things stand");
  app.add_flag("--until-failure", options.until_failure, "with --mutant: count the seeds until one finds it");
  app.add_flag("--twice", options.twice, "run each seed twice; both must be the same");
  app.add_flag("--fresh", options.fresh,
               "a first seed that nobody chose; a failure is printed as FRESH FAILURE");
  app.add_option("--store", options.store, "with --fresh: append failing seeds to this file and exit with 0");
  app.add_flag("--keep-going", options.keep_going, "report every failing seed, not only the first");
  app.add_flag("--skip-codec", options.run.skip_codec, "servers' messages travel as values: faster");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (list) {
    for (int i = 1; i <= static_cast<int>(last_mutant); ++i)
      fmt::print("{}\n", name_of(static_cast<Mutant>(i)));
    std::exit(0);
  }
  options.run.profile = profile_named(profile).value();
  if (servers != 0) options.run.servers = servers;
  if (clients >= 0) options.run.clients = clients;
  for (const std::string& name : without) {
    const std::optional<Fault> fault = fault_named(name);
    if (!fault) {
      fmt::print(stderr, "there is no class of faults {}; they are named when a seed starts\n", name);
      std::exit(2);
    }
    options.run.without.push_back(*fault);
  }
  if (!mutant.empty()) {
    options.mutant = mutant_named(mutant);
    if (options.mutant == Mutant::none) {
      fmt::print(stderr, "there is no mutant {}; --list-mutants names them\n", mutant);
      std::exit(2);
    }
  }
  if (options.campaign_minutes > 0) options.seeds = UINT64_MAX;
  if (options.fresh || options.campaign_minutes > 0)
    options.run.seed =
        (std::uint64_t{std::random_device{}()} << 20U ^ std::random_device{}()) % 1'000'000'000'000U;
  return options;
}

}  // namespace muster::simulation
