#include "tests/simulation/faults.h"

#include <algorithm>
#include <utility>

namespace muster::simulation {

Faults::Faults(const Surroundings& around, std::vector<std::unique_ptr<Host>>& hosts, Random random)
    : around_(around), hosts_(hosts), random_(random) {}

void Faults::start() {
  const Profile& p = around_.profile;
  every(p.crash_us, [this] { crash(); });
  every(p.power_cut_us, [this] { power_cut(); });
  every(p.pause_us, [this] { pause(); });
  every(p.partition_us, [this] { partition(); });
  every(p.link_break_us, [this] {
    const int a = static_cast<int>(random_.below(hosts_.size())),
              b = static_cast<int>(random_.below(hosts_.size()));
    if (a != b) around_.network.break_link(a, b);
  });
  every(p.wipe_us, [this] { wipe(); });
  every(p.slow_disk_us,
        [this] { any().slow_disk(static_cast<int>(random_.between(5, 100)), spread(200'000, 5'000'000)); });
  every(p.stalled_disk_us, [this] { any().stall_disk(spread(200'000, 20'000'000)); });
  every(p.full_disk_us, [this] { fill_disks(); });
  every(p.client_break_us, [this] { around_.sockets.break_any(); });
  every(p.wall_jump_us, [this] { any().jump_wall_clock(random_.between(-100'000, 100'000)); });
  every(p.transfer_us, [this] {
    const int server = leader();
    if (server < 0) return;
    ++counts_.transfers;
    hosts_[static_cast<std::size_t>(server)]->transfer();
  });
  every(p.leader_hunt_us, [this] { hunt_leaders(static_cast<int>(random_.between(2, 8))); });
  every(p.stale_trap_us, [this] { stale_trap(); });
  every(p.wrong_state_us, [this] { make_wrong(); });
  every(p.store_damage_us, [this] {
    Host& victim = any();
    if (!may_damage_store(victim)) return;
    if (victim.up()) victim.die(Death::power_cut, spread(10'000, 1'000'000));
    victim.damage_store();
  });
}

void Faults::every(std::int64_t mean_us, Action action) {
  if (mean_us == 0) return;
  around_.loop.after(random_.between(mean_us / 4, mean_us * 7 / 4), [this, mean_us, action] {
    if (stopped_) return;
    action();
    every(mean_us, action);
  });
}

std::int64_t Faults::spread(std::int64_t low, std::int64_t high) {
  std::int64_t value = low;
  while (value < high && random_.chance(2, 3)) value *= 2;
  return random_.between(value / 2, value);
}

Host& Faults::any() { return *hosts_[random_.below(hosts_.size())]; }

int Faults::leader() const {
  int found = -1;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (!hosts_[i]->leads()) continue;
    if (found < 0 || hosts_[i]->node().peer().role().epoch >
                         hosts_[static_cast<std::size_t>(found)]->node().peer().role().epoch) {
      found = static_cast<int>(i);
    }
  }
  return found;
}

void Faults::crash() {
  const int lead = leader();
  const bool the_leader =
      lead >= 0 && random_.chance(static_cast<std::uint64_t>(around_.profile.crash_leader_percent), 100);
  Host& victim = the_leader ? *hosts_[static_cast<std::size_t>(lead)] : any();
  if (!victim.up()) return;
  const int steps = static_cast<int>(random_.between(1, 10));
  switch (random_.below(3)) {
    case 0:
      return victim.die_within_output(steps);
    case 1:
      return victim.die_within_disk_work(steps);
    default:
      victim.die(random_.chance(1, 2) ? Death::killed : Death::power_cut,
                 random_.between(around_.profile.down_us / 10, around_.profile.down_us * 2));
  }
}

void Faults::power_cut() {
  ++counts_.power_cuts;
  for (const auto& host : hosts_) {
    if (host->up()) host->die(Death::power_cut, spread(10'000, 3'000'000));
  }
}

// One, or all at once.
void Faults::fill_disks() {
  const std::uint64_t segment = around_.profile.segment_bytes;
  const std::int64_t for_us = spread(1'000'000, 60'000'000);
  if (!random_.chance(1, 3)) return any().fill_disk(random_.below(3 * segment), for_us);
  for (const auto& host : hosts_) host->fill_disk(random_.below(3 * segment), for_us);
}

void Faults::pause() {
  ++counts_.pauses;
  any().pause(spread(20'000, 15'000'000));
}

void Faults::isolate(int server) {
  for (int other = 0; other < static_cast<int>(hosts_.size()); ++other) {
    if (other == server) continue;
    around_.network.cut(server, other);
    around_.network.cut(other, server);
  }
}

void Faults::heal_after(std::int64_t us) {
  const std::uint64_t partition = ++partition_;
  around_.loop.after(us, [this, partition] {
    if (partition == partition_) around_.network.heal_all();
  });
}

void Faults::partition() {
  const auto servers = static_cast<int>(hosts_.size());
  if (servers == 1) return;
  ++counts_.partitions;
  const int lead = leader();
  const int one = lead >= 0 && random_.chance(1, 2) ? lead : static_cast<int>(random_.below(hosts_.size()));
  switch (random_.below(4)) {
    case 0:
      isolate(one);
      break;
    case 1:  // any directions
      for (int from = 0; from < servers; ++from) {
        for (int to = 0; to < servers; ++to) {
          if (from != to && random_.chance(1, 3)) around_.network.cut(from, to);
        }
      }
      break;
    case 2:  // one is not heard, or does not hear
      for (int other = 0; other < servers; ++other) {
        if (other == one) continue;
        random_.chance(1, 2) ? around_.network.cut(one, other) : around_.network.cut(other, one);
      }
      break;
    default: {  // two groups
      const std::uint64_t group = random_.next();
      for (int from = 0; from < servers; ++from) {
        for (int to = 0; to < servers; ++to) {
          if (from != to && (group >> from & 1U) != (group >> to & 1U)) around_.network.cut(from, to);
        }
      }
    }
  }
  heal_after(spread(around_.profile.partition_length_us / 8 + 1, around_.profile.partition_length_us * 2));
}

// A majority of disks survives: at most as many are new or being repaired as the others can do without.
bool Faults::may_wipe(int server) const {
  const auto servers = static_cast<int>(hosts_.size());
  return around_.model.applied() > Zxid{} && around_.logs.durable_hard_state(server).qualified &&
         around_.logs.unqualified() + 1 <= servers - (servers / 2 + 1) &&
         std::all_of(hosts_.begin(), hosts_.end(), [](const auto& host) { return host->has_state(); });
}

// Whoever lost its state needs another who has one, and who is not behind its log.
bool Faults::may_damage_store(const Host& victim) const {
  return hosts_.size() > 1 && around_.logs.unqualified() == 0 &&
         std::all_of(hosts_.begin(), hosts_.end(),
                     [&](const auto& host) { return host.get() == &victim || host->has_state(); });
}

// A majority that holds the right state must be able to say so: nobody else needs to be given one now.
void Faults::make_wrong() {
  Host& victim = any();
  if (hosts_.size() < 3 || !victim.has_state() || !may_damage_store(victim)) return;
  Zxid floor;
  for (const auto& host : hosts_) {
    if (!host->up()) return;
    floor = std::max(floor, host->node().peer().floor());
  }
  for (const auto& host : hosts_)
    if (host->node().tree().applied() < floor) return;
  if (victim.up()) victim.die(Death::power_cut, spread(10'000, 1'000'000));
  victim.make_wrong();
}

void Faults::wipe() {
  const auto server = static_cast<int>(random_.below(hosts_.size()));
  if (!may_wipe(server)) return;
  ++counts_.wipes;
  hosts_[static_cast<std::size_t>(server)]->wipe(spread(10'000, 3'000'000));
}

// Whoever leads soon dies, so that logs diverge.
void Faults::hunt_leaders(int victims) {
  if (stopped_ || victims == 0) return;
  const int lead = leader();
  if (lead < 0) {
    around_.loop.after(random_.between(1000, 50'000), [this, victims] { hunt_leaders(victims); });
    return;
  }
  ++counts_.hunts;
  Host& victim = *hosts_[static_cast<std::size_t>(lead)];
  switch (random_.below(3)) {
    case 0:
      victim.die_within_output(static_cast<int>(random_.between(1, 12)));
      break;
    case 1:
      isolate(lead);
      heal_after(spread(around_.profile.election_ms * 1000, around_.profile.election_ms * 6000));
      break;
    default:
      victim.die(random_.chance(1, 2) ? Death::killed : Death::power_cut,
                 random_.between(1000, around_.profile.election_ms * 3000));
  }
  around_.loop.after(random_.between(1000, around_.profile.election_ms * 3000),
                     [this, victims] { hunt_leaders(victims - 1); });
}

// One server falls behind, one that does not loses its disk, the leader goes, and the stale one is back:
// together the stale and the wiped would be a quorum that knows nothing.
void Faults::stale_trap() {
  const int lead = leader();
  if (lead < 0 || hosts_.size() < 3) return;
  const auto servers = static_cast<int>(hosts_.size());
  const int stale = (lead + 1) % servers, wiped = (lead + 2) % servers;
  ++counts_.traps;
  isolate(stale);
  heal_after(60'000'000);
  around_.loop.after(spread(200'000, 4'000'000), [this, lead, wiped] {
    if (stopped_ || !may_wipe(wiped)) return around_.network.heal_all();
    ++counts_.wipes;
    hosts_[static_cast<std::size_t>(wiped)]->wipe(random_.between(1000, 100'000));
    hosts_[static_cast<std::size_t>(lead)]->die(Death::power_cut, spread(1'000'000, 10'000'000));
    around_.network.heal_all();
  });
}

}  // namespace muster::simulation
