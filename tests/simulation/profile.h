// What one seed is like. Each seed first draws which classes of fault exist at all, then their rates, the
// ensemble's size, limits, timings and the clients' habits ("swarm testing"): a run in which everything may
// happen at once reaches less than many that differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/random.h"
#include "tests/simulation/fault.h"

namespace muster::simulation {

// What a campaign is after: which draws are likely.
enum class ProfileKind : std::uint8_t {
  core,  // the broadcast core, the log and the tree with little work: few clients, mostly as others write them; no codec between servers
  full,  // everything, evenly
  disk,  // disks that fail and lie
  session,  // clients that come, move and go
  sync,     // followers that lag, are wiped and are sent states
};
[[nodiscard]] std::string_view name_of(ProfileKind kind);
[[nodiscard]] std::optional<ProfileKind> profile_named(std::string_view name);

struct Profile {
  ProfileKind kind = ProfileKind::full;
  int servers = 3, voters = 3;  // the others, which come last, are observers
  int clients = 4, recipe_clients = 0;
  std::int64_t faults_until_us = 0;  // then everything heals

  // Servers
  std::int64_t heartbeat_ms = 100, election_ms = 800, stagger_ms = 40, tick_ms = 1000;
  std::size_t max_append_bytes = 0, max_inflight_bytes = 0, max_window_bytes = 0, max_uncommitted_bytes = 0,
              max_pending_bytes = 0;
  std::uint64_t segment_bytes = 64 * 1024;
  std::size_t max_in_flight_requests = 1000, max_output_bytes = 16'000'000;
  std::size_t checkpoint_entries = 0, checkpoint_bytes = 0, checkpoint_kept_bytes = 0,
              checkpoint_part_bytes = 0;
  std::size_t max_kept_checkpoints = 8, chunk_bytes = 0;
  std::uint64_t max_chunks_ahead = 4;
  std::int64_t digest_entries = 1000;
  std::int64_t unconfirmed_ms = 0;  // how long a state that no majority confirms waits

  // Devices. Every link and disk draws from these ranges, each message and sync between half and double of
  // its own.
  std::int64_t delay_us = 500;  // between servers, one way
  std::int64_t client_delay_us = 300;
  std::int64_t sync_us = 1000;
  std::int64_t drain_us = 0;   // inputs that arrive within this are drained together
  bool split_streams = false;  // clients' bytes arrive in pieces
  bool skip_codec = false;     // messages between servers travel as values

  FaultRates rates;
  std::int64_t down_us = 1'000'000;      // how long a crashed server stays down, up to twice this
  std::int64_t partition_length_us = 0;  // up to twice this
  int crash_leader_percent = 50;         // crashes that pick the leader, if there is one

  // Clients
  std::int64_t think_us = 100'000;     // mean pause between two requests of a client
  std::int64_t recipe_think_ms = 400;  // at most, of a user of the recipes
  int max_pipeline = 4;
  int own_percent = 50;          // of them are our library
  int restart_xid_percent = 50;  // of the others
  int write_percent = 60;
  int sync_percent = 0;         // besides those among the reads
  int least_timeout_ticks = 4;  // of the time-outs that they ask for; 20 at most
  int keys = 6;
  std::size_t value_bytes = 40;

  void stop_faults() { rates = {}; }
  [[nodiscard]] std::string describe() const;
};

[[nodiscard]] Profile draw_profile(ProfileKind kind, Random random, std::int64_t minutes,
                                   std::optional<int> servers);

}  // namespace muster::simulation
