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
      logs_(loop_, profile_.servers),
      model_(loop_),
      network_(loop_, profile_, random_.fork(2)),
      sockets_(loop_, profile_, expiry_, random_.fork(3)),
      faults_({loop_, profile_, network_, sockets_, logs_, model_, expiry_}, hosts_, random_.fork(4)) {
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
    run_until(profile_.faults_until_us);
    heal();
    result = totals();
  } catch (const InvariantBroken& found) {
    result = totals();
    result.invariant = found.invariant;
    result.detail = found.detail;
  }
  return result;
}

template <class Condition>
void World::demand(const char* what, std::int64_t within_us, Condition condition) {
  const std::int64_t until_us = loop_.now_us() + within_us;
  while (!condition()) {
    if (loop_.now_us() >= until_us)
      broken("progress",
             fmt::format("not in {} s after healing: {}; {}", within_us / 1'000'000, what, situation()));
    run_until(std::min(until_us, loop_.now_us() + 50'000));
  }
}

void World::heal() {
  loop_.note("healing", {});
  const std::int64_t healing_since_us = loop_.now_us();
  faults_.stop();
  profile_.stop_faults();
  network_.heal_all();
  for (const auto& host : hosts_) {
    host->recover_from_faults();
    host->resume();
    host->start();
  }
  for (const auto& client : clients_) client->calm_down();
  for (const auto& client : recipe_clients_) client->calm_down();
  for (int i = 0; i < profile_.servers; ++i) {
    const auto label = static_cast<std::uint64_t>(i);
    probes_.push_back(std::make_unique<StockClient>(client_world(), i, random_.fork(300 + label), i));
    probes_.back()->start();
  }
  constexpr std::int64_t second = 1'000'000;
  demand("one leader that all follow", 60 * second, [this] { return one_leader(); });
  demand("a write through every server", 120 * second, [this] { return probes_wrote(); });
  demand("every disk whole again", 180 * second, [this] { return disks_whole(); });
  healing_us_ = loop_.now_us() - healing_since_us;
  demand("a lock for every user of the recipes", 180 * second, [this] {
    return std::all_of(recipe_clients_.begin(), recipe_clients_.end(),
                       [](const auto& client) { return client->served(); });
  });
  for (const auto& client : recipe_clients_) client->fall_silent();
  demand("an end of all that recipes have begun", 60 * second, [this] {
    return std::all_of(recipe_clients_.begin(), recipe_clients_.end(),
                       [](const auto& client) { return client->settled(); });
  });
  for (const auto& client : clients_) client->fall_silent();
  for (const auto& probe : probes_) probe->fall_silent();
  run_until(loop_.now_us() + 2 * second);
  demand("an answer to every request of our library", 60 * second, [this] { return all_settled(); });
  demand("nobody in the queues of the recipes", 120 * second,
         [this] { return RecipeLedger::all_left(model_.tree(), recipes_root); });
  demand("the same state on all servers", 120 * second, [this] { return all_at_the_end(); });
  demand("caches that show the tree", 60 * second, [this] {
    return std::all_of(recipe_clients_.begin(), recipe_clients_.end(),
                       [this](const auto& client) { return client->shows(model_.tree()); });
  });
  edits_.check_end(model_.tree());
  meetings_.check_end(model_.tree(), group_root);
  const std::string root = recipes_root;
  recipes_.check_end(model_.tree(), root + "/counter", root + "/queue/entries", root + "/done");
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const tree::Tree& tree = hosts_[i]->node().tree();
    model_.compare_digest(static_cast<int>(i), tree);
    if (tree.recompute_digest() != tree.digest())
      broken("digest", fmt::format("server {}'s digest is not that of its tree", i + 1));
  }
}

bool World::one_leader() const {
  std::optional<broadcast::RoleChange> leads;
  for (const auto& host : hosts_) {
    if (!host->up() || !host->node().peer().established()) return false;
    if (host->leads()) leads = host->node().peer().role();
  }
  return leads && std::all_of(hosts_.begin(), hosts_.end(), [&leads](const auto& host) {
           const broadcast::RoleChange role = host->node().peer().role();
           return role.epoch == leads->epoch && role.leader == leads->leader;
         });
}

bool World::probes_wrote() const {
  return std::all_of(probes_.begin(), probes_.end(),
                     [](const auto& probe) { return probe->counts().acks > 0; });
}

bool World::all_settled() const {
  return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->settled(); });
}

bool World::disks_whole() const {
  return logs_.unqualified() == 0 &&
         std::all_of(hosts_.begin(), hosts_.end(), [](const auto& host) { return host->has_state(); });
}

bool World::all_at_the_end() const {
  return std::all_of(hosts_.begin(), hosts_.end(), [this](const auto& host) {
    return host->up() && host->node().tree().applied() == model_.applied() &&
           host->node().peer().last() == model_.applied();
  });
}

std::string World::situation() const {
  std::string text = fmt::format("{} committed", model_.applied().value);
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    text += hosts_[i]->up() ? fmt::format(" [{}]", hosts_[i]->node().peer().describe())
                            : fmt::format(" [{} down]", i + 1);
    if (!logs_.durable_hard_state(static_cast<int>(i)).qualified) text += "unqualified";
  }
  for (const auto& probe : probes_)
    text += fmt::format(" probe:{}/{}", probe->connected() ? "connected" : "away", probe->counts().acks);
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
