// When faults come, and what happens to processes; faults of the network are in faults_network.cc, of disks in faults_disk.cc.
#include "tests/simulation/faults.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/faults_draw.h"

namespace muster::simulation {

Faults::Faults(const Surroundings& around, std::vector<std::unique_ptr<Host>>& hosts, Random random)
    : around_(around), hosts_(hosts), random_(random) {}

void Faults::start() {
  every(Fault::crash, &Faults::crash);
  every(Fault::power_cut, &Faults::power_cut);
  every(Fault::pause, &Faults::pause);
  every(Fault::wipe, &Faults::wipe);
  every(Fault::transfer, &Faults::transfer);
  every(Fault::leader_hunt, &Faults::hunt_leaders);
  every(Fault::stale_trap, &Faults::set_stale_trap);
  every(Fault::partition, &Faults::partition);
  every(Fault::bridge, &Faults::make_bridge);
  every(Fault::ring, &Faults::make_ring);
  every(Fault::swizzle, &Faults::swizzle);
  every(Fault::link_break, &Faults::break_link);
  every(Fault::slow_disk, &Faults::slow_disk);
  every(Fault::stalled_disk, &Faults::stall_disk);
  every(Fault::full_disk, &Faults::fill_disks);
  every(Fault::sync_error, &Faults::fail_sync);
  every(Fault::write_error, &Faults::fail_write);
  every(Fault::bit_flip, &Faults::flip_bit);
  every(Fault::zeroed_sector, &Faults::zero_sector);
  every(Fault::misdirected_write, &Faults::misdirect_write);
  every(Fault::stale_sector, &Faults::make_stale);
  every(Fault::unreadable_sector, &Faults::make_unreadable);
  every(Fault::store_damage, &Faults::damage_store);
  every(Fault::wrong_state, &Faults::make_wrong);
  every(Fault::wall_jump, &Faults::jump_wall_clock);
  every(Fault::client_break, &Faults::break_client);
  every(Fault::link_hiccup, &Faults::delay_link);
  every(Fault::short_pause, &Faults::pause_shortly);
  every(Fault::deaf_handover, &Faults::hand_over_deaf);
  every(Fault::slow_link, &Faults::slow_link);
  every(Fault::slow_reader, &Faults::stop_reading);
  every(Fault::lost_records, &Faults::lose_records);
}

void Faults::every(Fault fault, Action action) {
  const std::int64_t mean_us = around_.profile.rates[fault];
  if (mean_us == 0) return;
  generators_.push_back({mean_us, action, random_.fork(static_cast<std::uint64_t>(fault))});
  next(generators_.back());
}

void Faults::next(Generator& generator) {
  const std::int64_t mean_us = generator.mean_us;
  around_.loop.after(generator.random.between(mean_us / 4, mean_us * 7 / 4), [this, &generator] {
    if (stopped_) return;
    (this->*generator.action)(generator.random);
    next(generator);
  });
}

Host& Faults::any(Random& random) { return *hosts_[random.below(hosts_.size())]; }

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

int Faults::leader_or_any(Random& random) const {
  const int lead = leader();
  return lead >= 0 && random.chance(1, 2) ? lead : static_cast<int>(random.below(hosts_.size()));
}

void Faults::crash(Random& random) {
  const int lead = leader();
  const bool the_leader =
      lead >= 0 && random.chance(static_cast<std::uint64_t>(around_.profile.crash_leader_percent), 100);
  Host& victim = the_leader ? *hosts_[static_cast<std::size_t>(lead)] : any(random);
  if (!victim.up()) return;
  around_.loop.fault(Fault::crash);
  const int steps = static_cast<int>(random.between(1, 10));
  switch (random.below(3)) {
    case 0:
      return victim.die_within_output(steps);
    case 1:
      return victim.die_within_disk_work(steps);
    default:
      victim.die(random.chance(1, 2) ? Death::killed : Death::power_cut,
                 random.between(around_.profile.down_us / 10, around_.profile.down_us * 2));
  }
}

void Faults::power_cut(Random& random) {
  around_.loop.fault(Fault::power_cut);
  for (const auto& host : hosts_) {
    if (host->up()) host->die(Death::power_cut, spread(random, 10'000, 3'000'000));
  }
}

void Faults::pause(Random& random) { any(random).pause(spread(random, 20'000, 15'000'000)); }

void Faults::pause_shortly(Random& random) {
  const std::int64_t election_us = around_.profile.election_ms * 1000;
  Host& victim = *hosts_[static_cast<std::size_t>(leader_or_any(random))];
  victim.pause(random.between(election_us / 8, election_us), Fault::short_pause);
}

void Faults::jump_wall_clock(Random& random) {
  any(random).jump_wall_clock(random.between(-3'600'000, 3'600'000));
}

void Faults::break_client(Random& /*random*/) { around_.sockets.break_any(); }

void Faults::stop_reading(Random& random) {
  around_.sockets.stop_any_reading(random, spread(random, 100'000, 20'000'000));
}

void Faults::transfer(Random& /*random*/) {
  const int server = leader();
  if (server >= 0) hosts_[static_cast<std::size_t>(server)]->transfer();
}

// It is cut off when its word may have left, or just before: there may be a successor while it still leads, with its clients.
void Faults::hand_over_deaf(Random& random) {
  const Profile& profile = around_.profile;
  const int lead = leader();
  if (lead < 0 || profile.voters < 2) return;
  around_.loop.fault(Fault::deaf_handover, {lead + 1});
  hosts_[static_cast<std::size_t>(lead)]->transfer();
  around_.loop.after(random.between(0, profile.drain_us + 2 * profile.delay_us), [this, &random, lead] {
    if (stopped_) return;
    isolate(lead);
    const std::int64_t election_us = around_.profile.election_ms * 1000;
    heal_after(random.between(election_us, 4 * election_us));
  });
}

// Voters' disks that are damaged, new, or being repaired.
int Faults::impaired() const {
  int count = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(around_.profile.voters); ++i) {
    const bool qualified = around_.logs.durable_hard_state(static_cast<int>(i)).qualified;
    if (!qualified || hosts_[i]->damaged()) ++count;
  }
  return count;
}

// A majority of disks survives: at most as many are impaired as the others can do without.
bool Faults::may_wipe(int server) const {
  const int voters = around_.profile.voters;
  const bool spared = server >= voters || impaired() + 1 <= (voters - 1) / 2;
  return spared && around_.model.applied() > Zxid{} && around_.logs.durable_hard_state(server).qualified &&
         !hosts_[static_cast<std::size_t>(server)]->damaged() &&
         std::all_of(hosts_.begin(), hosts_.end(), [](const auto& host) { return host->has_state(); });
}

void Faults::wipe(Random& random) {
  const auto server = static_cast<int>(random.below(hosts_.size()));
  if (may_wipe(server)) hosts_[static_cast<std::size_t>(server)]->wipe(spread(random, 10'000, 3'000'000));
}

void Faults::hunt_leaders(Random& random) { hunt(random, static_cast<int>(random.between(2, 8))); }

// Whoever leads soon dies, so that logs diverge.
void Faults::hunt(Random& random, int victims) {
  if (stopped_ || victims == 0) return;
  const int lead = leader();
  const auto again = [this, &random](std::int64_t us, int left) {
    around_.loop.after(us, [this, &random, left] { hunt(random, left); });
  };
  if (lead < 0) return again(random.between(1000, 50'000), victims);
  around_.loop.fault(Fault::leader_hunt, {lead + 1});
  Host& victim = *hosts_[static_cast<std::size_t>(lead)];
  const std::int64_t election_us = around_.profile.election_ms * 1000;
  switch (random.below(3)) {
    case 0:
      victim.die_within_output(static_cast<int>(random.between(1, 12)));
      break;
    case 1:
      isolate(lead);
      heal_after(spread(random, election_us, election_us * 6));
      break;
    default:
      victim.die(random.chance(1, 2) ? Death::killed : Death::power_cut,
                 random.between(1000, election_us * 3));
  }
  again(random.between(1000, election_us * 3), victims - 1);
}

// One server falls behind, one that does not loses its disk, the leader goes, and the stale one is back:
// together the stale and the wiped would be a quorum that knows nothing.
void Faults::set_stale_trap(Random& random) {
  const int lead = leader();
  const int servers = around_.profile.voters;
  if (lead < 0 || servers < 3) return;
  const int stale = (lead + 1) % servers, wiped = (lead + 2) % servers;
  isolate(stale);
  heal_after(60'000'000);
  around_.loop.after(spread(random, 200'000, 4'000'000), [this, &random, lead, wiped] {
    if (stopped_ || !may_wipe(wiped)) return around_.network.heal_all();
    around_.loop.fault(Fault::stale_trap);
    hosts_[static_cast<std::size_t>(wiped)]->wipe(random.between(1000, 100'000));
    hosts_[static_cast<std::size_t>(lead)]->die(Death::power_cut, spread(random, 1'000'000, 10'000'000));
    around_.network.heal_all();
  });
}

}  // namespace muster::simulation
