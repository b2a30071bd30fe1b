#include "tests/simulation/profile.h"

#include <fmt/core.h>

#include <algorithm>

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

std::int64_t perhaps(Random& random, int percent, std::int64_t low, std::int64_t high) {
  const bool exists = random.chance(static_cast<std::uint64_t>(percent), 100);
  const std::int64_t value = spread(random, low, high);
  return exists ? value : 0;
}

void draw_servers(Profile& p, Random random) {
  p.heartbeat_ms = pick(random, {50, 80, 100, 150, 200});
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
  p.no_room_per_thousand = pick(checkpoints, {0, 0, 50});
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

void draw_faults(Profile& p, Random random) {
  p.crash_us = perhaps(random, 75, 5 * second, 60 * second);
  p.power_cut_us = perhaps(random, 25, 20 * second, 120 * second);
  p.pause_us = perhaps(random, 40, 5 * second, 60 * second);
  p.partition_us = perhaps(random, 50, 5 * second, 60 * second);
  p.link_break_us = perhaps(random, 50, second, 30 * second);
  p.wipe_us = perhaps(random, 30, 15 * second, 90 * second);
  p.slow_disk_us = perhaps(random, 40, 5 * second, 60 * second);
  p.client_break_us = perhaps(random, 50, 2 * second, 30 * second);
  p.wall_jump_us = perhaps(random, 20, 10 * second, 60 * second);
  p.transfer_us = perhaps(random, 30, 5 * second, 60 * second);
  p.leader_hunt_us = perhaps(random, 20, 20 * second, 100 * second);
  p.stale_trap_us = perhaps(random, 20, 20 * second, 80 * second);
  p.down_us = spread(random, 5 * ms, 8 * second);
  p.partition_length_us = spread(random, 100 * ms, 10 * second);
  p.store_damage_us = perhaps(random, 20, 10 * second, 60 * second);
  p.crash_leader_percent = pick(random, {20, 50, 90});
  p.half_open_percent = pick(random, {0, 10, 50});
  p.wrong_state_us = perhaps(random, 20, 10 * second, 60 * second);
  Random disks = random.fork(1);
  p.full_disk_us = perhaps(disks, 25, 10 * second, 60 * second);
  p.stalled_disk_us = perhaps(disks, 25, 10 * second, 60 * second);
}

void draw_moments(Profile& p, Random random) {
  const auto bias = [&random] { return random.chance(1, 3) ? pick(random, {20, 100, 400}) : 0; };
  p.crash_at_vote = bias();
  p.crash_in_vote_write = bias();
  p.crash_in_recovery = bias();
  // These moments are frequent: a rate that lets the ensemble work in between.
  const auto rare = [&random] { return random.chance(1, 3) ? pick(random, {1, 3, 8}) : 0; };
  p.crash_in_log_write = rare();
  p.crash_at_ack = rare();
  p.crash_at_reply = rare();
  p.crash_in_checkpoint = rare();
}

void draw_clients(Profile& p, Random random) {
  p.clients = static_cast<int>(random.between(2, 6));
  p.think_us = spread(random, 150 * ms, 1200 * ms);
  p.max_pipeline = pick(random, {1, 3, 10, 30});
  p.own_percent = pick(random, {30, 50, 100});
  p.restart_xid_percent = pick(random, {0, 50, 100});
  p.move_percent = pick(random, {0, 2, 6});
  p.disconnect_percent = pick(random, {0, 2, 5});
  p.close_percent = pick(random, {0, 1, 3});
  p.write_percent = pick(random, {40, 60, 85});
  p.keys = static_cast<int>(random.between(1, 8));
  p.value_bytes = pick<std::size_t>(random, {0, 30, 300});
}

}  // namespace

Profile draw_profile(Random random, std::int64_t minutes, std::optional<int> servers) {
  Profile p;
  const int drawn = pick(random, {1, 3, 3, 3, 3, 5, 5});
  p.servers = servers.value_or(drawn);
  p.faults_until_us = minutes * 60 * second;
  draw_servers(p, random.fork(1));
  draw_devices(p, random.fork(2));
  draw_faults(p, random.fork(3));
  draw_moments(p, random.fork(4));
  draw_clients(p, random.fork(5));
  return p;
}

std::string Profile::describe() const {
  std::string faults;
  const auto name = [&faults](const char* fault, std::int64_t mean_us) {
    if (mean_us > 0) faults += fmt::format(" {}/{}s", fault, mean_us / second);
  };
  name("crash", crash_us), name("power-cut", power_cut_us), name("pause", pause_us),
      name("partition", partition_us);
  name("link-break", link_break_us), name("wipe", wipe_us), name("slow-disk", slow_disk_us),
      name("client-break", client_break_us);
  name("wall-jump", wall_jump_us), name("transfer", transfer_us), name("leader-hunt", leader_hunt_us),
      name("stale-trap", stale_trap_us), name("store-damage", store_damage_us),
      name("wrong-state", wrong_state_us), name("full-disk", full_disk_us),
      name("stalled-disk", stalled_disk_us);
  return fmt::format(
      "servers={} clients={} heartbeat={}ms election={}ms tick={}ms delay={}us sync={}us down={}ms faults:{}",
      servers, clients, heartbeat_ms, election_ms, tick_ms, delay_us, sync_us, down_us / ms,
      faults.empty() ? " none" : faults);
}

}  // namespace muster::simulation
