// How a seed ends: what is healed, and what is demanded then.
#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "tests/simulation/world.h"

namespace muster::simulation {
namespace {

constexpr std::int64_t second = 1'000'000;

}  // namespace

template <class Condition>
void World::demand(const char* what, std::int64_t within_us, Condition condition) {
  const std::int64_t until_us = loop_.now_us() + within_us;
  while (!condition()) {
    if (loop_.now_us() >= until_us)
      broken("progress",
             fmt::format("not in {} s after healing: {}; {}", within_us / second, what, situation()));
    run_until(std::min(until_us, loop_.now_us() + 50'000));
  }
}

std::vector<int> World::all_servers() const {
  std::vector<int> servers(hosts_.size());
  std::iota(servers.begin(), servers.end(), 0);
  return servers;
}

void World::end_faults() {
  loop_.note("healing", {});
  faults_.stop();
  profile_.stop_faults();
}

// Just as many as are needed, of those who know what was committed; none if there are not as many.
std::vector<int> World::draw_majority(Random& random) const {
  std::vector<int> servers;
  for (int server = 0; server < profile_.voters; ++server) {
    const Host& host = *hosts_[static_cast<std::size_t>(server)];
    if (logs_.durable_hard_state(server).qualified && host.has_state() && !host.damaged())
      servers.push_back(server);
  }
  const auto quorum = static_cast<std::size_t>(profile_.voters / 2 + 1);
  if (servers.size() < quorum || model_.applied() == Zxid{}) return {};
  while (servers.size() > quorum)
    servers.erase(servers.begin() + static_cast<std::ptrdiff_t>(random.below(servers.size())));
  return servers;
}

// Dead, paused or cut off for good, or as it is; but one that only some of the majority can reach is cut off: if it led those, the
// others would have to wait for it.
void World::leave_failed(int server, const std::vector<int>& majority, Random& random) {
  Host& host = *hosts_[static_cast<std::size_t>(server)];
  const bool half_reached = std::any_of(majority.begin(), majority.end(), [&](int other) {
    return network_.cut_off(server, other) || network_.cut_off(other, server);
  });
  const std::uint64_t drawn = random.below(4);
  switch (drawn == 3 && half_reached ? 2 : drawn) {
    case 0:
      loop_.mark("majority healed, a server dead");
      return host.die(Death::power_cut, -1);
    case 1:
      if (!host.up()) return;
      loop_.mark("majority healed, a server paused");
      return host.pause(3600 * second);
    case 2:
      loop_.mark("majority healed, a server cut off");
      for (const int other : all_servers()) {
        if (other == server) continue;
        network_.cut(server, other);
        network_.cut(other, server);
      }
      return;
    default:
      return;
  }
}

// A majority needs nobody else.
void World::heal_majority() {
  Random random = random_.fork(7);
  const std::vector<int> majority = draw_majority(random);
  if (majority.empty() || majority.size() == hosts_.size()) return;
  for (const int server : all_servers())
    if (std::find(majority.begin(), majority.end(), server) == majority.end())
      leave_failed(server, majority, random);
  for (const int server : majority) {
    for (const int other : majority)
      if (other != server) network_.heal(server, other);
    Host& host = *hosts_[static_cast<std::size_t>(server)];
    host.recover_from_faults();
    host.resume();
    host.start();
  }
  std::int64_t bound_us = settle_us(profile_);
  if (must_give_state(majority)) bound_us += 1000 * profile_.unconfirmed_ms;
  demand("one leader of a majority", bound_us, [&] { return one_leader(majority); });
  for (const int server : majority) start_probe(server);
  // A probe thinks before it connects, and before it asks.
  demand("a write through every server of a majority", 2 * bound_us + 10 * second + 10 * profile_.think_us,
         [&] {
           return std::all_of(majority.begin(), majority.end(),
                              [&](int server) { return probe_writes(server) > 0; });
         });
  const Zxid written = model_.applied();
  demand("the same state on a majority", 2 * bound_us, [&] { return have_applied(majority, written); });
}

// To one that is behind. That waits, since nobody else confirms it.
bool World::must_give_state(const std::vector<int>& servers) const {
  const auto up = [this](int server) { return hosts_[static_cast<std::size_t>(server)]->up(); };
  return std::any_of(servers.begin(), servers.end(), [&](int behind) {
    return up(behind) && std::any_of(servers.begin(), servers.end(), [&](int ahead) {
             return up(ahead) && hosts_[static_cast<std::size_t>(behind)]->needs_state_of(
                                     *hosts_[static_cast<std::size_t>(ahead)]);
           });
  });
}

void World::start_probe(int server) {
  auto& probe = probes_[server];
  if (probe) return;
  const auto label = static_cast<std::uint64_t>(server);
  probe = std::make_unique<StockClient>(client_world(), server, random_.fork(300 + label), server);
  probe->start();
}

void World::heal_all() {
  const std::int64_t healing_since_us = loop_.now_us();
  network_.heal_all();
  for (const auto& host : hosts_) {
    host->recover_from_faults();
    host->resume();
    host->start();
  }
  for (const auto& client : clients_) client->calm_down();
  for (const auto& client : recipe_clients_) client->calm_down();
  std::vector<std::uint64_t> written;
  for (const int server : all_servers()) {
    start_probe(server);
    written.push_back(probe_writes(server));
  }
  demand("one leader that all follow", 60 * second, [this] { return one_leader(all_servers()); });
  demand("a write through every server", 120 * second, [&] {
    const std::vector<int> servers = all_servers();
    return std::all_of(servers.begin(), servers.end(), [&](int server) {
      return probe_writes(server) > written[static_cast<std::size_t>(server)];
    });
  });
  demand("every disk whole again", 180 * second, [this] { return disks_whole(); });
  healing_us_ = loop_.now_us() - healing_since_us;
}

// Everybody comes to an end.
void World::settle() {
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
  for (const auto& [server, probe] : probes_) probe->fall_silent();
  run_until(loop_.now_us() + 2 * second);
  demand("an answer to every request, or an end of its connection", 60 * second,
         [this] { return all_settled(); });
  demand("nobody in the queues of the recipes", 120 * second,
         [this] { return RecipeLedger::all_left(model_.tree(), recipes_root); });
  demand("the same state on all servers", 120 * second, [this] { return all_at_the_end(); });
  demand("caches that show the tree", 60 * second, [this] {
    return std::all_of(recipe_clients_.begin(), recipe_clients_.end(),
                       [this](const auto& client) { return client->shows(model_.tree()); });
  });
}

// Nobody asks for anything: what is waited for now will be waited for ever. (What was sent and is under way is an event.)
void World::check_quiescence() {
  const std::size_t events = loop_.waiting();
  run_until(loop_.now_us() + 3 * second);
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (!hosts_[i]->up()) continue;  // it was given a state
    const std::size_t waiting = hosts_[i]->node().status().outstanding;
    if (waiting > 0) broken("quiescence", fmt::format("{} requests wait at server {}", waiting, i + 1));
  }
  if (loop_.waiting() > 2 * events + 200)
    broken("quiescence", fmt::format("{} events are to come, and {} were before", loop_.waiting(), events));
}

void World::check_end() {
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

// That all of these follow; itself it may be another.
bool World::one_leader(const std::vector<int>& servers) const {
  std::optional<broadcast::RoleChange> first;
  for (const int server : servers) {
    const Host& host = *hosts_[static_cast<std::size_t>(server)];
    if (!host.up() || !host.node().peer().established()) return false;
    const broadcast::RoleChange role = host.node().peer().role();
    if (first && (role.epoch != first->epoch || role.leader != first->leader)) return false;
    first = role;
  }
  return first && hosts_[static_cast<std::size_t>(first->leader.value) - 1]->leads();
}

bool World::have_applied(const std::vector<int>& servers, Zxid zxid) const {
  return std::all_of(servers.begin(), servers.end(), [&](int server) {
    const Host& host = *hosts_[static_cast<std::size_t>(server)];
    return host.up() && host.node().tree().applied() >= zxid;
  });
}

std::uint64_t World::probe_writes(int server) const {
  const auto place = probes_.find(server);
  return place == probes_.end() ? 0 : place->second->counts().acks;
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

}  // namespace muster::simulation
