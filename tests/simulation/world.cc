#include "tests/simulation/world.h"

#include <fmt/core.h>

#include <algorithm>

namespace muster::simulation {
namespace {

Profile profile_of(const RunOptions& options, const Random& random) {
  Profile profile = draw_profile(options.profile, random.fork(1), 1, options.servers);
  profile.faults_until_us = options.seconds * 1'000'000;
  profile.skip_codec = profile.skip_codec || options.skip_codec;
  for (const Fault fault : options.without) profile.rates[fault] = 0;
  if (options.clients) {
    profile.clients = *options.clients;
    profile.recipe_clients = 0;
  }
  return profile;
}

}  // namespace

World::World(const RunOptions& options)
    : options_(options),
      random_(options.seed),
      profile_(profile_of(options, random_)),
      loop_(options.trace),
      logs_(loop_, profile_.servers, profile_.voters),
      model_(loop_),
      expiry_(profile_.rates[Fault::clock_drift] > 0),
      network_(loop_, profile_, random_.fork(2)),
      sockets_(loop_, profile_, expiry_, random_.fork(3)),
      faults_({loop_, profile_, network_, sockets_, logs_, model_, expiry_}, hosts_, random_.fork(4)),
      stability_({loop_, profile_, network_, sockets_, logs_, model_, expiry_}, hosts_) {
  const Surroundings around{loop_, profile_, network_, sockets_, logs_, model_, expiry_};
  for (int i = 0; i < profile_.servers; ++i) {
    hosts_.push_back(std::make_unique<Host>(around, i, random_.fork(100 + static_cast<std::uint64_t>(i))));
    network_.add(*hosts_.back());
    sockets_.add(*hosts_.back());
  }
  Random kinds = random_.fork(5);
  for (int i = 0; i < profile_.clients; ++i) {
    const Random own = random_.fork(200 + static_cast<std::uint64_t>(i));
    if (kinds.chance(static_cast<std::uint64_t>(profile_.own_percent), 100)) {
      clients_.push_back(std::make_unique<OwnClient>(client_world(), i, own));
    } else {
      clients_.push_back(std::make_unique<StockClient>(client_world(), i, own));
    }
  }
}

// Their draws come from a generator of their own.
void World::add_recipe_clients() {
  const Random random = random_.fork(6);
  for (int i = 0; i < profile_.recipe_clients; ++i) {
    recipe_clients_.push_back(std::make_unique<RecipeClient>(loop_, profile_, sockets_, recipes_, edits_,
                                                             meetings_, i,
                                                             random.fork(static_cast<std::uint64_t>(i))));
  }
}

void World::run_until(std::int64_t time_us) {
  while (loop_.run_next(time_us)) {
    if (options_.stop_at != 0 && loop_.events() >= options_.stop_at)
      throw InvariantBroken{"stopped", situation()};
  }
}

RunResult World::run() {
  add_recipe_clients();
  for (const auto& host : hosts_) {
    loop_.after(random_.between(0, 300'000), [start = host.get()] { start->start(); });
  }
  for (const auto& client : clients_) client->start();
  for (const auto& client : recipe_clients_) client->start();
  loop_.after(random_.between(0, 3'000'000), [this] { faults_.start(); });
  RunResult result;
  try {
    look();
    run_until(profile_.faults_until_us);
    end_faults();
    heal_majority();
    heal_all();
    settle();
    check_quiescence();
    check_end();
    result = totals();
  } catch (const InvariantBroken& found) {
    result = totals();
    result.invariant = found.invariant;
    result.detail = found.detail;
  }
  return result;
}

// Ten times in an election time-out, or more often.
void World::look() {
  stability_.look();
  if (const auto calm_since_us = stability_.calm_since_us())
    expiry_.check_late(model_.tree().sessions(), *calm_since_us,
                       settle_us(profile_) + 2000 * profile_.tick_ms, loop_.now_us());
  loop_.after(profile_.election_ms * 100, [this] { look(); });
}

std::string World::situation() const {
  std::string text = fmt::format("{} committed", model_.applied().value);
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    text += hosts_[i]->up() ? fmt::format(" [{}]", hosts_[i]->node().peer().describe())
                            : fmt::format(" [{} down]", i + 1);
    if (!logs_.durable_hard_state(static_cast<int>(i)).qualified) text += "unqualified";
  }
  for (const auto& [server, probe] : probes_)
    text += fmt::format(" probe {}:{}/{}", server + 1, probe->connected() ? "connected" : "away",
                        probe->counts().acks);
  return text;
}

RunResult World::totals() const {
  RunResult result;
  result.seed = options_.seed;
  result.hash = loop_.hash();
  result.events = loop_.events();
  result.simulated_us = static_cast<std::uint64_t>(loop_.now_us());
  result.healing_us = static_cast<std::uint64_t>(healing_us_);
  result.marks = loop_.marks();
  result.committed = static_cast<std::uint64_t>(model_.applied().value);
  result.elections = logs_.elections();
  for (const auto& host : hosts_) {
    result.crashes += static_cast<std::uint64_t>(host->deaths());
    result.checkpoints += host->checkpoints();
    result.loads += host->loads();
    result.installs += host->installs();
  }
  result.faults = loop_.faults();
  result.wipes = result.faults[Fault::wipe];
  result.partitions = result.faults[Fault::partition];
  result.grants = recipes_.grants();
  for (const auto& client : clients_) {
    result.moves += client->counts().moves;
    result.acks += client->counts().acks;
    result.reads += client->counts().reads;
    result.watch_events += client->counts().events;
    result.retold += client->counts().retold;
  }
  return result;
}

RunResult run_seed(const RunOptions& options) {
  World world(options);
  if (options.trace) fmt::print("seed={} {}\n", options.seed, world.profile().describe());
  return world.run();
}

}  // namespace muster::simulation
