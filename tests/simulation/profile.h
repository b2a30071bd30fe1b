// What one seed is like. Each seed first draws which classes of fault exist at all, then their rates, the
// ensemble's size, limits, timings and the clients' habits ("swarm testing"): a run in which everything may
// happen at once reaches less than many that differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/random.h"

namespace muster::simulation {

struct Profile {
  int servers = 3;
  int clients = 4;
  std::int64_t faults_until_us = 0;  // then everything heals

  // Servers
  std::int64_t heartbeat_ms = 100, election_ms = 800, stagger_ms = 40, tick_ms = 1000;
  std::size_t max_append_bytes = 0, max_inflight_bytes = 0, max_window_bytes = 0, max_uncommitted_bytes = 0,
              max_pending_bytes = 0;
  std::uint64_t segment_bytes = 64 * 1024;
  std::size_t max_in_flight_requests = 1000;
  std::size_t checkpoint_entries = 0, checkpoint_bytes = 0, checkpoint_kept_bytes = 0,
              checkpoint_part_bytes = 0;
  std::size_t max_kept_checkpoints = 8, chunk_bytes = 0;
  std::uint64_t max_chunks_ahead = 4;
  std::int64_t digest_entries = 1000;

  // Devices. Every link and disk draws from these ranges, each message and sync between half and double of
  // its own.
  std::int64_t delay_us = 500;  // between servers, one way
  std::int64_t client_delay_us = 300;
  std::int64_t sync_us = 1000;
  std::int64_t drain_us = 0;   // inputs that arrive within this are drained together
  bool split_streams = false;  // clients' bytes arrive in pieces
  bool skip_codec = false;     // messages between servers travel as values

  // Faults: mean time between two of a class in µs; 0: the class does not exist in this seed.
  std::int64_t crash_us = 0, power_cut_us = 0, pause_us = 0, partition_us = 0, link_break_us = 0, wipe_us = 0,
               slow_disk_us = 0, client_break_us = 0, wall_jump_us = 0, transfer_us = 0, leader_hunt_us = 0,
               stale_trap_us = 0, store_damage_us = 0, wrong_state_us = 0, full_disk_us = 0,
               stalled_disk_us = 0;
  std::int64_t down_us = 1'000'000;      // how long a crashed server stays down, up to twice this
  std::int64_t partition_length_us = 0;  // up to twice this
  int crash_leader_percent = 50;         // crashes that pick the leader, if there is one
  // A crash just after (or within) a moment that matters, per thousand of those moments.
  int crash_at_vote = 0, crash_in_vote_write = 0, crash_in_log_write = 0, crash_at_ack = 0,
      crash_at_reply = 0, crash_in_recovery = 0, crash_in_checkpoint = 0;
  int no_room_per_thousand = 0;  // batches of a checkpoint that find the disk full
  int half_open_percent = 0;     // broken links and connections that one side does not notice for long

  // Clients
  std::int64_t think_us = 100'000;  // mean pause between two requests of a client
  int max_pipeline = 4;
  int own_percent = 50;                                             // of them are our library
  int restart_xid_percent = 50;                                     // of the others
  int move_percent = 3, disconnect_percent = 2, close_percent = 1;  // of decisions
  int write_percent = 60;
  int keys = 6;
  std::size_t value_bytes = 40;

  [[nodiscard]] std::string describe() const;
};

[[nodiscard]] Profile draw_profile(Random random, std::int64_t minutes, std::optional<int> servers);

}  // namespace muster::simulation
