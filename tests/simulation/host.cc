// Life and death of a server; its log and votes are in host_disk.cc, its store of checkpoints in host_store.cc, what happens to both at
// rest in host_damage.cc, its inputs and outputs in host_io.cc.
#include "tests/simulation/host.h"

#include <fmt/core.h>

#include <utility>

namespace muster::simulation {
namespace {

constexpr std::int64_t look_us = 1'000'000;  // from one look for room to the next

broadcast::Membership members(const Profile& profile) {
  broadcast::Membership membership;
  for (int i = 1; i <= profile.servers; ++i) membership.members.push_back({ServerId{i}, i <= profile.voters});
  return membership;
}

std::string random_bytes(Random& random, std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) bytes += static_cast<char>(random.below(256));
  return bytes;
}

}  // namespace

Host::Host(const Surroundings& around, int index, Random random)
    : around_(around), index_(index), random_(random) {
  mono_start_ms_ = random_.between(0, 1'000'000'000);
  if (random_.chance(static_cast<std::uint64_t>(around.profile.rates[Fault::uptime_wrap]), 100)) {
    const std::int64_t passed_ms = random_.between(0, around.profile.faults_until_us / 1000);
    mono_start_ms_ = (std::int64_t{1} << (random_.chance(1, 2) ? 31 : 32)) - passed_ms;
    around.loop.fault(Fault::uptime_wrap, {index + 1, mono_start_ms_});
  }
  wall_skew_ms_ = random_.between(-200, 200);
  Random clock = random.fork(1);
  if (clock.chance(static_cast<std::uint64_t>(around.profile.rates[Fault::clock_drift]), 100)) {
    drift_permille_ = clock.between(-greatest_drift_permille, greatest_drift_permille);
    around.loop.fault(Fault::clock_drift, {index + 1, drift_permille_});
  }
}

Now Host::now() const {
  const std::int64_t ms = around_.loop.now_ms() * (1000 + drift_permille_) / 1000;
  return {mono_start_ms_ + ms, 1'700'000'000'000 + ms + wall_skew_ms_};
}

void Host::start() {
  if (up()) return;
  around_.loop.note("start", {index_ + 1});
  if (!open_disk()) return;
  boot();
}

void Host::boot() {
  const Profile& p = around_.profile;
  node::NodeConfig config;
  config.peer.self = ServerId{index_ + 1};
  config.peer.boot = random_.next() | 1U;
  config.peer.initial = members(p);
  config.peer.cluster_id = identity_->cluster_id();
  config.peer.entropy = random_bytes(random_, 48);
  config.peer.heartbeat_ms = p.heartbeat_ms;
  config.peer.election_timeout_ms = p.election_ms;
  config.peer.stagger_ms = p.stagger_ms;
  config.peer.max_append_bytes = p.max_append_bytes;
  config.peer.max_inflight_bytes = p.max_inflight_bytes;
  config.peer.max_window_bytes = p.max_window_bytes;
  config.peer.max_uncommitted_bytes = p.max_uncommitted_bytes;
  config.peer.max_pending_bytes = p.max_pending_bytes;
  config.tick_ms = p.tick_ms;
  config.limits.max_requests_in_flight = p.max_in_flight_requests;
  config.limits.max_output_bytes = p.max_output_bytes;
  config.checkpoint.entries = p.checkpoint_entries;
  config.checkpoint.bytes = p.checkpoint_bytes;
  config.checkpoint.part_bytes = p.checkpoint_part_bytes;
  config.checkpoint.max_kept_bytes = p.checkpoint_kept_bytes;
  config.checkpoint.retry_ms = p.election_ms;
  config.peer.max_kept_checkpoints = p.max_kept_checkpoints;
  config.transfer.chunk_bytes = p.chunk_bytes;
  config.transfer.max_chunks_ahead = p.max_chunks_ahead;
  config.transfer.retry_ms = p.election_ms;
  config.digests.point_entries = p.digest_entries;
  config.digests.unconfirmed_ms = p.unconfirmed_ms;
  desk_.emplace(store_);
  node_ = std::make_unique<node::Node>(config, *std::exchange(start_, std::nullopt),
                                       random_.fork(++incarnation_));
  applied_ = {};
  follow_applied();
  around_.network.host_up(index_);
  has_room_ = true;
  tick();
  around_.loop.after(look_us, [this, incarnation = incarnation_] {
    if (incarnation == incarnation_) look_for_room();
  });
}

void Host::tick() {
  if (!paused_) input([this] { node_->tick(now()); });
  const std::uint64_t incarnation = incarnation_;
  if (!up()) return;
  around_.loop.after(around_.profile.heartbeat_ms * 500, [this, incarnation] {
    if (incarnation == incarnation_) tick();
  });
}

std::int64_t Host::restart_delay() {
  return random_.between(around_.profile.down_us / 10, around_.profile.down_us * 2);
}

void Host::die(Death death, std::int64_t restart_us) {
  around_.loop.note("dies", {index_ + 1, static_cast<std::int64_t>(death)});
  around_.logs.on_died(index_);
  ++deaths_;
  ++incarnation_;
  if (durable_ && writing_) leave_half_done_work();
  writing_.reset();
  leave_store_work();
  desk_.reset();
  start_.reset();
  node_.reset();
  durable_.reset();
  identity_.reset();
  death == Death::power_cut ? files_.crash(random_.fork(random_.next())) : files_.kill();
  death == Death::power_cut ? store_.crash(random_.fork(random_.next())) : store_.reopen();
  waiting_.clear();
  paused_ = drain_asked_ = false;
  steps_to_live_.reset();
  disk_steps_to_live_.reset();
  log_rests_ = false;
  around_.network.host_down(index_);
  around_.sockets.host_down(index_);
  around_.expiry.died(index_, around_.loop.now_us());
  if (restart_us < 0) return;
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(restart_us, [this, incarnation] {
    if (incarnation == incarnation_) start();
  });
}

void Host::die_within_output(int steps) { steps_to_live_ = steps; }
void Host::die_within_disk_work(int steps) { disk_steps_to_live_ = steps; }

void Host::wipe(std::int64_t restart_us) {
  if (up()) die(Death::power_cut, -1);
  ++incarnation_;
  around_.loop.fault(Fault::wipe, {index_ + 1});
  files_.wipe();
  discard_store();
  store_damaged_ = damaged_ = false;
  around_.logs.on_wiped(index_);
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(restart_us, [this, incarnation] {
    if (incarnation == incarnation_) start();
  });
}

void Host::pause(std::int64_t for_us, Fault kind) {
  if (!up() || paused_) return;
  around_.loop.fault(kind, {index_ + 1});
  around_.expiry.paused(index_, around_.loop.now_us());
  paused_ = true;
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(for_us, [this, incarnation] {
    if (incarnation == incarnation_) resume();
  });
}

void Host::resume() {
  if (!paused_) return;
  around_.loop.note("resumed", {index_ + 1});
  paused_ = false;
  around_.expiry.resumed(index_, around_.loop.now_us());
  const std::uint64_t incarnation = incarnation_;
  std::vector<Action> waiting = std::exchange(waiting_, {});
  for (const Action& action : waiting) {
    action();
    if (incarnation != incarnation_) return;
    around_.logs.on_state(index_, node_->peer());
  }
  node_->tick(now());
  after_input();
}

}  // namespace muster::simulation
