// muster-explore: see --help.
#include <fmt/core.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "common/mutant.h"
#include "tests/exhaustive/search.h"

namespace muster::exhaustive {
namespace {

constexpr const char* usage = R"(usage: muster-explore [OPTION...]

Goes through everything that three servers of the broadcast core can do within the bounds, from the moment when they have founded an
ensemble: messages in any order between links, writes to the disk that take their time, crashes that lose what was not synced (in
part), a server cut off, time-outs at any time. In each state it checks what must hold. Exit status 1: something does not, and one of
the shortest ways there is printed.
  --writes N --crashes N --partitions N --time-outs N --barriers N --holds N    how often each happens at most
  --settling        things take their course in a fixed order; what interferes is a choice (--holds N: also what waits longer). It sees
                    less of what happens at once, and gets much further. Without it, everything that happens next is a choice
  --depth N         no more choices than these
  --states N        stops after so many
  --mutant NAME     with a deliberate bug (muster-sim --list-mutants)
  --quiet           only the result
)";

struct Options {
  Bounds bounds;
  Limits limits;
  Order order = Order::any;
  bool quiet = false;
};

// False: not an option with a number.
bool take_number(Options& options, const std::string& name, const std::string& value) {
  const auto number = std::stoull(value);
  const auto small = static_cast<std::uint8_t>(number);
  if (name == "--states") {
    options.limits.states = number;
  } else if (name == "--depth") {
    options.limits.depth = static_cast<int>(number);
  } else if (number > 100) {
    throw std::invalid_argument("a bound");
  } else if (name == "--writes") {
    options.bounds.writes = small;
  } else if (name == "--crashes") {
    options.bounds.crashes = small;
  } else if (name == "--partitions") {
    options.bounds.partitions = small;
  } else if (name == "--time-outs") {
    options.bounds.time_outs = small;
  } else if (name == "--barriers") {
    options.bounds.barriers = small;
  } else if (name == "--holds") {
    options.bounds.holds = small;
  } else {
    return false;
  }
  return true;
}

bool take_mutant(const std::string& name) {
  active_mutant = mutant_named(name);
  return active_mutant != Mutant::none;
}

[[noreturn]] void refuse(const std::string& what) {
  fmt::print(stderr, "muster-explore: {}; --help tells the options\n", what);
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help") {
      fmt::print("{}", usage);
      std::exit(0);
    }
    if (name == "--quiet") options.quiet = true;
    if (name == "--settling") options.order = Order::settling;
    if (name == "--quiet" || name == "--settling") continue;
    if (i + 1 == argc) refuse("no value for " + name);
    const std::string value = argv[++i];
    try {
      const bool taken = name == "--mutant" ? take_mutant(value) : take_number(options, name, value);
      if (!taken) refuse("cannot understand " + name + " " + value);
    } catch (const std::logic_error&) {
      refuse("cannot understand " + name + " " + value);
    }
  }
  return options;
}

std::size_t peak_megabytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<std::size_t>(used.ru_maxrss) / 1024;
}

// The way there, step by step, and how things stand at its end.
void tell(Ensemble& ensemble, const Bounds& bounds, const Finding& found) {
  World world = ensemble.founded(bounds);
  int number = 0;
  for (const Choice& choice : found.way) {
    fmt::print("{:3}. {}\n", ++number, ensemble.tell(world, choice));
    (void)ensemble.apply(world, choice);
  }
  for (int id = 1; id <= ensemble_size; ++id) fmt::print("     {}\n", ensemble.tell(world, id));
  fmt::print("BROKEN after {} steps: {}\n", found.way.size(), found.broken);
}

int explore(const Options& options) {
  const auto begun = std::chrono::steady_clock::now();
  const auto seconds = [begun] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  };
  Ensemble ensemble;
  const Finding found =
      search(ensemble, options.bounds, options.order, options.limits, [&](const Level& level) {
        if (options.quiet) return;
        fmt::print("depth={} states={} fresh={} seconds={:.1f} MB={}\n", level.depth, level.states,
                   level.fresh, seconds(), peak_megabytes());
        std::fflush(stdout);
      });
  const Bounds& bounds = options.bounds;
  fmt::print(
      "mutant={} writes={} crashes={} partitions={} time-outs={} barriers={}: states={} steps={} depth={} {} "
      "seconds={:.1f} MB={} servers={} answers={}\n",
      name_of(active_mutant), bounds.writes, bounds.crashes, bounds.partitions, bounds.time_outs,
      bounds.barriers, found.states, found.steps, found.depth, found.complete ? "complete" : "cut short",
      seconds(), peak_megabytes(), ensemble.catalogue().servers(), ensemble.catalogue().effects());
  if (found.broken.empty()) return 0;
  tell(ensemble, options.bounds, found);
  return 1;
}

}  // namespace
}  // namespace muster::exhaustive

int main(int argc, char** argv) { return muster::exhaustive::explore(muster::exhaustive::parse(argc, argv)); }
