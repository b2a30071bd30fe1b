#include "tests/simulation/profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace muster::simulation {
namespace {

constexpr std::int64_t ms = 1000, second = 1'000'000;

template <class T, std::size_t N>
T pick(Random& random, const T (&values)[N]) {
  return values[random.below(N)];
}

// Uniform in orders of magnitude, as delays and rates are.
std::int64_t spread(Random& random, std::int64_t low, std::int64_t high) {
  std::int64_t value = low;
  while (value < high && random.chance(1, 2)) value *= 2;
  return std::min(high, random.between(value, value * 2));
}

// How likely the classes of a group are, in percent of what they are in `full`.
struct Weights {
  int processes, network, disks, clocks, clients;
};

Weights weights_of(ProfileKind kind) {
  switch (kind) {
    case ProfileKind::disk:
      return {60, 40, 250, 50, 50};
    case ProfileKind::session:
      return {60, 60, 30, 150, 200};
    case ProfileKind::sync:
      return {120, 120, 60, 30, 50};
    case ProfileKind::core:
    case ProfileKind::full:
      break;
  }
  return {100, 100, 100, 100, 100};
}

// Draws whether a class exists, and its rate. A class that does not exist draws as much as one that does.
class Draws {
 public:
  Draws(Profile& profile, Random random) : profile_(profile), random_(random) {}

  void weigh(int weight) { weight_ = weight; }
  void perhaps(Fault fault, int percent, std::int64_t low, std::int64_t high) {
    const bool exists =
        random_.chance(static_cast<std::uint64_t>(std::min(95, percent * weight_ / 100)), 100);
    const std::int64_t rate = spread(random_, low, high);
    profile_.rates[fault] = exists ? rate : 0;
  }
  template <std::size_t N>
  void one_of(Fault fault, const int (&rates)[N]) {
    profile_.rates[fault] = pick(random_, rates);
  }

 private:
  Profile& profile_;
  Random random_;
  int weight_ = 100;
};

void draw_servers(Profile& p, Random random) {
  p.heartbeat_ms = pick(random, {80, 100, 150, 200, 300});
  p.election_ms = p.heartbeat_ms * random.between(4, 8);
  p.stagger_ms = random.between(1, p.heartbeat_ms);
  p.tick_ms = pick(random, {300, 500, 1000, 2000});
  p.max_append_bytes = pick<std::size_t>(random, {300, 2000, 20'000, 256'000});
  p.max_inflight_bytes = pick<std::size_t>(random, {1000, 10'000, 4'000'000});
  p.max_window_bytes = pick<std::size_t>(random, {500, 3000, 30'000, 32'000'000});
  p.max_uncommitted_bytes = pick<std::size_t>(random, {200, 600, 3000, 64'000'000});
  p.max_pending_bytes = pick<std::size_t>(random, {5000, 200'000, 64'000'000});
  p.segment_bytes = pick<std::uint64_t>(random, {8 * 1024, 16 * 1024, 64 * 1024, 256 * 1024});
  p.max_in_flight_requests = pick<std::size_t>(random, {1, 3, 1000});
  Random checkpoints = random.fork(1);
  p.checkpoint_entries = pick<std::size_t>(checkpoints, {10, 30, 100, 400});
  p.checkpoint_bytes = pick<std::size_t>(checkpoints, {3000, 30'000, 64'000'000});
  p.checkpoint_kept_bytes = pick<std::size_t>(checkpoints, {300, 5000, 64'000'000});
  p.checkpoint_part_bytes = pick<std::size_t>(checkpoints, {1, 200, 256'000});
  p.max_kept_checkpoints =
      pick<std::size_t>(checkpoints, {50, 200});  // enough for a state to be sent by a slow disk
  p.chunk_bytes = pick<std::size_t>(checkpoints, {200, 1000, 20'000});
  p.max_chunks_ahead = pick<std::uint64_t>(checkpoints, {1, 2, 4});
  p.digest_entries = pick<std::int64_t>(checkpoints, {7, 1000});
}

void draw_devices(Profile& p, Random random) {
  p.delay_us = spread(random, 50, 20 * ms);
  p.client_delay_us = spread(random, 30, 10 * ms);
  p.sync_us = spread(random, 100, 30 * ms);
  p.drain_us = random.chance(1, 2) ? 0 : spread(random, 10, 5 * ms);
  p.split_streams = random.chance(1, 4);
}

void draw_lengths(Profile& p, Random random) {
  p.down_us = spread(random, 5 * ms, 8 * second);
  p.partition_length_us = spread(random, 100 * ms, 10 * second);
  p.crash_leader_percent = pick(random, {20, 50, 90});
}

void draw_processes(Draws draw, const Weights& weights, std::int64_t election_us) {
  draw.weigh(weights.processes);
  // The ensemble gets some work done in between.
  const std::int64_t soonest = std::max(8 * second, 4 * election_us);
  draw.perhaps(Fault::crash, 75, soonest, 120 * second);
  draw.perhaps(Fault::power_cut, 25, 30 * second, 200 * second);
  draw.perhaps(Fault::pause, 40, 8 * second, 120 * second);
  draw.perhaps(Fault::wipe, 30, 20 * second, 120 * second);
  draw.perhaps(Fault::transfer, 30, 8 * second, 120 * second);
  draw.perhaps(Fault::leader_hunt, 20, 30 * second, 150 * second);
  draw.perhaps(Fault::stale_trap, 20, 30 * second, 150 * second);
  for (const Fault moment : {Fault::crash_at_vote, Fault::crash_in_vote_write, Fault::crash_in_recovery})
    draw.perhaps(moment, 33, 20, 400);
  // These moments are frequent: a rate that lets the ensemble work in between.
  for (const Fault moment :
       {Fault::crash_in_log_write, Fault::crash_at_ack, Fault::crash_at_reply, Fault::crash_in_checkpoint})
    draw.perhaps(moment, 33, 1, 8);
  draw.perhaps(Fault::short_pause, 20, 4 * second, 60 * second);
  draw.perhaps(Fault::deaf_handover, 20, 15 * second, 120 * second);
}

void draw_network(Draws draw, const Weights& weights) {
  draw.weigh(weights.network);
  draw.perhaps(Fault::partition, 50, 8 * second, 120 * second);
  draw.perhaps(Fault::bridge, 25, 15 * second, 120 * second);
  draw.perhaps(Fault::ring, 25, 15 * second, 120 * second);
  draw.perhaps(Fault::swizzle, 25, 15 * second, 120 * second);
  draw.perhaps(Fault::link_break, 50, 2 * second, 60 * second);
  draw.one_of(Fault::half_open, {0, 10, 50});
  draw.perhaps(Fault::link_hiccup, 30, 1 * second, 30 * second);
  draw.perhaps(Fault::slow_link, 25, 8 * second, 60 * second);
}

void draw_disks(Draws draw, const Weights& weights) {
  draw.weigh(weights.disks);
  draw.perhaps(Fault::slow_disk, 40, 8 * second, 120 * second);
  draw.perhaps(Fault::stalled_disk, 25, 15 * second, 120 * second);
  draw.perhaps(Fault::full_disk, 25, 15 * second, 120 * second);
  draw.perhaps(Fault::no_room, 33, 20, 100);
  for (const Fault error : {Fault::sync_error, Fault::write_error})
    draw.perhaps(error, 20, 15 * second, 120 * second);
  for (const Fault damage : {Fault::bit_flip, Fault::zeroed_sector, Fault::misdirected_write,
                             Fault::stale_sector, Fault::unreadable_sector})
    draw.perhaps(damage, 15, 15 * second, 120 * second);
  draw.perhaps(Fault::store_damage, 20, 15 * second, 120 * second);
  draw.perhaps(Fault::wrong_state, 20, 15 * second, 120 * second);
  draw.perhaps(Fault::lost_records, 15, 15 * second, 120 * second);
}

void draw_clocks(Draws draw, const Weights& weights) {
  draw.weigh(weights.clocks);
  draw.perhaps(Fault::wall_jump, 20, 10 * second, 60 * second);
  draw.one_of(Fault::uptime_wrap, {0, 0, 50});
  draw.one_of(Fault::clock_drift, {0, 0, 50});
}

void draw_client_faults(Draws draw, const Weights& weights) {
  draw.weigh(weights.clients);
  draw.perhaps(Fault::client_break, 50, 4 * second, 60 * second);
  draw.one_of(Fault::cut_in_frame, {0, 30});
  draw.one_of(Fault::xid_wrap, {0, 0, 50});
  draw.perhaps(Fault::client_moves, 60, 2, 6);
  draw.perhaps(Fault::client_leaves, 60, 2, 5);
  draw.perhaps(Fault::client_closes, 60, 1, 3);
  draw.one_of(Fault::client_dawdles, {0, 0, 80});
  draw.perhaps(Fault::slow_reader, 25, 4 * second, 60 * second);
  draw.perhaps(Fault::flood, 20, 1, 2);
  draw.perhaps(Fault::second_hello, 25, 2, 6);
}

void draw_clients(Profile& p, Random random) {
  p.clients = static_cast<int>(random.between(2, 6));
  p.think_us = spread(random, 500 * ms, 4 * second);
  p.max_pipeline = pick(random, {1, 3, 10, 30});
  p.own_percent = pick(random, {30, 50, 100});
  p.restart_xid_percent = pick(random, {0, 50, 100});
  p.write_percent = pick(random, {40, 60, 85});
  p.keys = static_cast<int>(random.between(1, 8));
  p.value_bytes = pick<std::size_t>(random, {0, 30, 300});
  Random recipes = random.fork(1);
  p.recipe_think_ms = pick(recipes, {300, 2000, 5000});
  p.recipe_clients = recipes.chance(1, 4) ? static_cast<int>(recipes.between(2, 4)) : 0;
}

void draw_habits(Profile& p, ProfileKind kind, Random random) {
  p.sync_percent = kind == ProfileKind::sync ? pick(random, {0, 30, 60}) : pick(random, {0, 0, 0, 30});
  p.least_timeout_ticks = kind == ProfileKind::session ? pick(random, {2, 4}) : pick(random, {2, 4, 4, 4});
  p.max_output_bytes = pick<std::size_t>(random, {30'000, 200'000, 16'000'000});
}

void narrow_to_core(Profile& p, Random random) {
  p.skip_codec = true;
  p.heartbeat_ms = pick(random, {250, 500, 800});
  p.election_ms = p.heartbeat_ms * random.between(4, 6);
  p.stagger_ms = random.between(1, p.heartbeat_ms);
  p.tick_ms = 2000;
  p.split_streams = false;
  p.clients = static_cast<int>(random.between(1, 3));
  p.recipe_clients = 0;
  p.think_us = spread(random, 1 * second, 4 * second);
  p.checkpoint_entries = pick<std::size_t>(random, {40, 200});
  p.checkpoint_bytes = 64'000'000;
  p.checkpoint_part_bytes = 256'000;
  p.chunk_bytes = 20'000;
  p.own_percent = pick(random, {0, 0, 0, 50});
}

void narrow_to_sessions(Profile& p, Random random) {
  p.clients = static_cast<int>(random.between(4, 12));
  p.tick_ms = pick(random, {300, 500});
  p.think_us = spread(random, 300 * ms, 4 * second);
}

void narrow_to_sync(Profile& p, Random random) {
  p.recipe_clients = 0;
  p.think_us = spread(random, 300 * ms, 1 * second);
  p.checkpoint_entries = pick<std::size_t>(random, {5, 10, 30});
  p.checkpoint_kept_bytes = pick<std::size_t>(random, {1, 300, 5000});
  p.chunk_bytes = pick<std::size_t>(random, {200, 1000});
  p.max_append_bytes = pick<std::size_t>(random, {300, 2000});
}

// Somebody always has to catch up.
void keep_behind(Profile& p, Random random) {
  p.rates[Fault::wipe] = spread(random, 15 * second, 60 * second);
  p.rates[Fault::store_damage] = spread(random, 15 * second, 60 * second);
  p.rates[Fault::partition] = spread(random, 8 * second, 30 * second);
}

void narrow(Profile& p, ProfileKind kind, Random random) {
  switch (kind) {
    case ProfileKind::core:
      return narrow_to_core(p, random);
    case ProfileKind::session:
      return narrow_to_sessions(p, random);
    case ProfileKind::sync:
      return narrow_to_sync(p, random);
    case ProfileKind::full:
    case ProfileKind::disk:
      return;
  }
}

constexpr std::array<std::string_view, 5> kinds = {"core", "full", "disk", "session", "sync"};

}  // namespace

std::string_view name_of(ProfileKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

std::optional<ProfileKind> profile_named(std::string_view name) {
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i] == name) return static_cast<ProfileKind>(i);
  return std::nullopt;
}

Profile draw_profile(ProfileKind kind, Random random, std::int64_t minutes, std::optional<int> servers) {
  Profile p;
  p.kind = kind;
  const int drawn = pick(random, {1, 2, 3, 3, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7});
  const int observers = pick(random, {0, 0, 0, 0, 1, 2});
  p.voters = servers.value_or(drawn);
  // A voter that is alone cannot be brought up to date by anybody.
  p.servers = p.voters + (servers ? 0 : observers);
  p.faults_until_us = minutes * 60 * second;
  draw_servers(p, random.fork(1));
  draw_devices(p, random.fork(2));
  draw_lengths(p, random.fork(3));
  draw_clients(p, random.fork(5));
  narrow(p, kind, random.fork(6));
  const Weights weights = weights_of(kind);
  draw_processes({p, random.fork(11)}, weights, p.election_ms * ms);
  draw_network({p, random.fork(12)}, weights);
  draw_disks({p, random.fork(13)}, weights);
  draw_clocks({p, random.fork(14)}, weights);
  draw_client_faults({p, random.fork(15)}, weights);
  if (kind == ProfileKind::sync) keep_behind(p, random.fork(16));
  draw_habits(p, kind, random.fork(17));
  p.unconfirmed_ms = p.rates[Fault::wrong_state] > 0 ? 60'000 : p.election_ms;
  return p;
}

std::string Profile::describe() const {
  std::string faults;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    const FaultClass& named = simulation::describe(fault);
    if (rates[fault] == 0) continue;
    switch (named.unit) {
      case RateUnit::mean_us:
        faults += fmt::format(" {}/{}s", named.name, rates[fault] / second);
        break;
      case RateUnit::per_thousand:
        faults += fmt::format(" {}={}‰", named.name, rates[fault]);
        break;
      case RateUnit::percent:
        faults += fmt::format(" {}={}%", named.name, rates[fault]);
    }
  }
  return fmt::format(
      "profile={} servers={}+{} clients={}+{} heartbeat={}ms election={}ms tick={}ms delay={}us sync={}us "
      "think={}ms down={}ms faults:{}",
      name_of(kind), voters, servers - voters, clients, recipe_clients, heartbeat_ms, election_ms, tick_ms,
      delay_us, sync_us, think_us / ms, down_us / ms, faults.empty() ? " none" : faults);
}

}  // namespace muster::simulation
