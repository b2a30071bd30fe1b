// Faults of the servers' disks, and of what is on them.
#include <algorithm>

#include "tests/simulation/faults.h"
#include "tests/simulation/faults_draw.h"

namespace muster::simulation {

void Faults::slow_disk(Random& random) {
  any(random).slow_disk(static_cast<int>(random.between(5, 100)), spread(random, 200'000, 5'000'000));
}

void Faults::stall_disk(Random& random) { any(random).stall_disk(spread(random, 200'000, 20'000'000)); }

// One, or all at once.
void Faults::fill_disks(Random& random) {
  const std::uint64_t segment = around_.profile.segment_bytes;
  const std::int64_t for_us = spread(random, 1'000'000, 60'000'000);
  if (!random.chance(1, 3)) return any(random).fill_disk(random.below(3 * segment), for_us);
  const bool to_the_brim = random.chance(1, 2);
  for (const auto& host : hosts_) host->fill_disk(to_the_brim ? 0 : random.below(3 * segment), for_us);
}

void Faults::fail_sync(Random& random) { any(random).fail_disk(Fault::sync_error); }

void Faults::fail_write(Random& random) { any(random).fail_disk(Fault::write_error); }

void Faults::damage_sector(Fault damage, Random& random) {
  const auto server = static_cast<int>(random.below(hosts_.size()));
  Host& victim = *hosts_[static_cast<std::size_t>(server)];
  // What was written last and not yet called safe looks like a torn write when it is damaged.
  if (!may_wipe(server) || !victim.log_rests()) return;
  const bool asleep = random.chance(2, 3);
  const Hit hit = victim.damage_sector(damage, random);
  if (hit == Hit::nothing) return;
  // An entry that is written behind lost marks looks like the rest of a torn write, until another one calls it safe.
  if (asleep || hit == Hit::only_marks) victim.die(Death::killed, spread(random, 10'000, 1'000'000));
}

// Whoever lost its state needs another who has one, and who is not behind its log, or a quorum without it: of two voters, the one whose
// log is longer can neither lead without its state nor vote for the other.
bool Faults::may_damage_store(const Host& victim) const {
  return around_.profile.voters > 2 && impaired() == 0 &&
         std::all_of(hosts_.begin(), hosts_.end(),
                     [&](const auto& host) { return host.get() == &victim || host->has_state(); });
}

Host* Faults::victim_of_store_damage(Random& random) {
  Host& victim = any(random);
  if (!may_damage_store(victim)) return nullptr;
  if (victim.up()) victim.die(Death::power_cut, spread(random, 10'000, 1'000'000));
  return &victim;
}

void Faults::damage_store(Random& random) {
  if (Host* victim = victim_of_store_damage(random)) victim->damage_store();
}

void Faults::lose_records(Random& random) {
  if (Host* victim = victim_of_store_damage(random)) victim->lose_records();
}

// A majority that holds the right state must be able to say so: nobody else needs to be given one now.
void Faults::make_wrong(Random& random) {
  Host& victim = any(random);
  if (around_.profile.voters < 3 || !victim.has_state() || !may_damage_store(victim)) return;
  Zxid floor;
  for (const auto& host : hosts_) {
    if (!host->up()) return;
    floor = std::max(floor, host->node().peer().floor());
  }
  for (const auto& host : hosts_)
    if (host->node().tree().applied() < floor) return;
  const std::int64_t restart_us = spread(random, 10'000, 1'000'000);
  victim.die(Death::power_cut, restart_us);
  victim.make_wrong();
  // As long as it has not compared its state with the others' it may come to lead.
  if (!random.chance(1, 2)) return;
  around_.loop.after(restart_us + random.between(0, around_.profile.election_ms * 1000), [this, &victim] {
    const int lead = leader();
    if (!stopped_ && lead >= 0 && hosts_[static_cast<std::size_t>(lead)].get() != &victim)
      hosts_[static_cast<std::size_t>(lead)]->transfer();
  });
}

}  // namespace muster::simulation
