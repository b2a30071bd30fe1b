// Life, death and the log of a server; its store of checkpoints is in host_store.cc, its inputs and outputs in host_io.cc.
#include "tests/simulation/host.h"

#include <fmt/core.h>

#include <limits>
#include <utility>

#include "common/check.h"
#include "server/broadcast/describe.h"
#include "server/storage/state_codec.h"

namespace muster::simulation {
namespace {

const std::string directory = "/data";
constexpr std::int64_t look_us = 1'000'000;  // from one look for room to the next

broadcast::Membership all_voters(int servers) {
  broadcast::Membership membership;
  for (int i = 1; i <= servers; ++i) membership.members.push_back({ServerId{i}, true});
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
  wall_skew_ms_ = random_.between(-200, 200);
}

Now Host::now() const {
  const std::int64_t ms = around_.loop.now_ms();
  return {mono_start_ms_ + ms, 1'700'000'000'000 + ms + wall_skew_ms_};
}

void Host::start() {
  if (up()) return;
  around_.loop.note("start", {index_ + 1});
  if (!open_disk()) return;
  boot();
}

// False: it died over it.
bool Host::open_disk() {
  if (comes_to(Fault::crash_in_recovery)) files_.crash_at(random_.below(12) + 1);
  const std::optional<broadcast::HardState> newest = newest_vote_file();
  try {
    durable_ = std::make_unique<storage::Durable>(
        files_, directory,
        storage::DurableOptions{around_.profile.segment_bytes, [this] { return random_.next(); },
                                [this](const std::string& line) {
                                  around_.loop.say(fmt::format("server {}: {}", index_ + 1, line));
                                },
                                around_.profile.servers > 1});
    check_vote(newest);  // before the start judges that log and state are both lost
    start_ = start_state();
  } catch (const storage::SimCrash&) {
    die(random_.chance(1, 2) ? Death::killed : Death::power_cut, restart_delay());
    return false;
  } catch (const storage::NoSpace&) {
    die(Death::killed,
        look_us + restart_delay());  // it says so and ends; whoever looks after it starts it again
    return false;
  } catch (const storage::DiskError& error) {
    broken("recovery", fmt::format("server {} can't start: {}", index_ + 1, error.what()));
  }
  files_.kill();  // clears the hook; the process lives on
  around_.logs.on_recovered(index_, durable_->hard_state(), durable_->first(), whole_log());
  while (around_.model.applied() < durable_->commit_mark()) {
    around_.model.apply(around_.logs.adopt(index_, durable_->hard_state().epoch));
  }
  return true;
}

std::optional<broadcast::HardState> Host::newest_vote_file() const {
  std::optional<storage::SequencedHardState> newest;
  for (const char* name : {"/vote-0", "/vote-1"}) {
    const auto contents = files_.contents(directory + name);
    if (!contents) continue;
    const auto found = storage::decode_hard_state(*contents);
    if (found && (!newest || found->sequence > newest->sequence)) newest = found;
  }
  return newest ? std::optional(newest->state) : std::nullopt;
}

// The vote file that was written last counts, also when the other one is whole.
void Host::check_vote(const std::optional<broadcast::HardState>& newest) const {
  if (!newest) return;
  const broadcast::HardState recovered = durable_->hard_state();
  const bool raised = recovered.epoch > newest->epoch;  // to the last entry's
  if (!raised && !(recovered == *newest)) {
    broken("recovery",
           fmt::format("server {} starts with epoch {} vote {}; its newest vote file says epoch {} vote {}",
                       index_ + 1, recovered.epoch.value, recovered.vote.value, newest->epoch.value,
                       newest->vote.value));
  }
}

std::vector<broadcast::Entry> Host::whole_log() const {
  std::vector<broadcast::Entry> log;
  Zxid next = durable_->first();
  while (next <= durable_->last()) {
    for (broadcast::Entry& entry : durable_->read(next, durable_->last(), 1'000'000))
      log.push_back(std::move(entry));
    next = log.back().zxid.next();
  }
  return log;
}

void Host::boot() {
  const Profile& p = around_.profile;
  node::NodeConfig config;
  config.peer.self = ServerId{index_ + 1};
  config.peer.boot = random_.next() | 1U;
  config.peer.initial = all_voters(p.servers);
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
  config.digests.unconfirmed_ms = p.rates[Fault::wrong_state] > 0 ? 60'000 : p.election_ms;
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
  ++deaths_;
  ++incarnation_;
  if (durable_ && writing_) leave_half_done_work();
  writing_.reset();
  leave_store_work();
  desk_.reset();
  start_.reset();
  node_.reset();
  durable_.reset();
  death == Death::power_cut ? files_.crash(random_.fork(random_.next())) : files_.kill();
  death == Death::power_cut ? store_.crash(random_.fork(random_.next())) : store_.reopen();
  waiting_.clear();
  paused_ = drain_asked_ = false;
  steps_to_live_.reset();
  disk_steps_to_live_.reset();
  around_.network.host_down(index_);
  around_.sockets.host_down(index_);
  around_.expiry.server_disturbed(index_, around_.loop.now_us());
  if (restart_us < 0) return;
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(restart_us, [this, incarnation] {
    if (incarnation == incarnation_) start();
  });
}

// What the disk was doing may be done in part, or whole and never reported.
void Host::leave_half_done_work() {
  if (random_.chance(1, 2)) return;
  files_.crash_at(random_.below(10) + 1);
  try {
    if (durable_->make_room(*writing_)) durable_->perform(*writing_);
  } catch (const storage::SimCrash&) {
  }
}

void Host::die_within_output(int steps) { steps_to_live_ = steps; }
void Host::die_within_disk_work(int steps) { disk_steps_to_live_ = steps; }

void Host::wipe(std::int64_t restart_us) {
  if (up()) die(Death::power_cut, -1);
  ++incarnation_;
  around_.loop.fault(Fault::wipe, {index_ + 1});
  files_.wipe();
  discard_store();
  store_damaged_ = false;
  state_at_least_ = {};
  around_.logs.on_wiped(index_);
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(restart_us, [this, incarnation] {
    if (incarnation == incarnation_) start();
  });
}

void Host::pause(std::int64_t for_us) {
  if (!up() || paused_) return;
  around_.loop.fault(Fault::pause, {index_ + 1});
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
  around_.expiry.server_disturbed(index_, around_.loop.now_us());
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

void Host::recover_from_faults() {
  steps_to_live_.reset();
  disk_steps_to_live_.reset();
  disk_factor_ = 1;
  stalled_until_us_ = 0;
  ++fills_;
  files_.set_capacity(std::numeric_limits<std::uint64_t>::max());
}

void Host::stall_disk(std::int64_t for_us) {
  around_.loop.fault(Fault::stalled_disk, {index_ + 1});
  stalled_until_us_ = around_.loop.now_us() + for_us;
}

void Host::fill_disk(std::uint64_t left, std::int64_t for_us) {
  around_.loop.fault(Fault::full_disk, {index_ + 1});
  files_.set_capacity(files_.used_bytes() + left);
  const std::uint64_t fill = ++fills_;
  around_.loop.after(for_us, [this, fill] {
    if (fill == fills_) files_.set_capacity(std::numeric_limits<std::uint64_t>::max());
  });
}

void Host::slow_disk(int factor, std::int64_t for_us) {
  around_.loop.fault(Fault::slow_disk, {index_ + 1, factor});
  disk_factor_ = factor;
  around_.loop.after(for_us, [this] { disk_factor_ = 1; });
}

std::int64_t Host::disk_delay() {
  const std::int64_t usual = around_.profile.sync_us;
  return random_.between(usual / 2 + 1, usual * 2) * disk_factor_;
}

void Host::submit(broadcast::Persist persist) {
  CHECK(!writing_, "one write is in flight at a time");
  if (around_.loop.tracing())
    around_.loop.say(fmt::format("{} writes {}", index_ + 1, broadcast::describe(persist)));
  around_.logs.on_handed(index_, persist);
  writing_ = std::move(persist);
  perform_after(disk_delay());
}

void Host::perform_after(std::int64_t us) {
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(us, [this, incarnation] {
    if (incarnation != incarnation_) return;
    const std::int64_t still_us = stalled_until_us_ - around_.loop.now_us();
    if (still_us > 0) return perform_after(std::min(still_us, look_us));
    paused_ ? waiting_.push_back([this] { perform(); }) : perform();
  });
}

void Host::perform() {
  if (disk_steps_to_live_)
    files_.crash_at(static_cast<std::uint64_t>(*std::exchange(disk_steps_to_live_, {})));
  if (writing_->hard_state && comes_to(Fault::crash_in_vote_write)) files_.crash_at(random_.below(5) + 1);
  if (!writing_->append.empty() && comes_to(Fault::crash_in_log_write)) files_.crash_at(random_.below(8) + 1);
  bool room = false;
  try {
    room = durable_->make_room(*writing_);
    if (room) durable_->perform(*writing_);
  } catch (const storage::SimCrash&) {
    writing_.reset();
    return die(random_.chance(1, 3) ? Death::killed : Death::power_cut, restart_delay());
  } catch (const storage::DiskError& error) {
    broken("disk", fmt::format("server {} can't write: {}", index_ + 1, error.what()));
  }
  files_.kill();  // clears a hook that was not reached
  if (!room) {
    perform_after(look_us);
    return tell_room();
  }
  const broadcast::Persist done = *std::exchange(writing_, std::nullopt);
  around_.loop.note("written", {index_ + 1, static_cast<std::int64_t>(done.ticket)});
  around_.logs.on_durable(index_, done);
  const std::uint64_t incarnation = incarnation_;
  input([this, ticket = done.ticket] { node_->persisted(now(), ticket); });
  if (incarnation == incarnation_) tell_room();
}

// As the real driver looks, once a second; a write that waits for room looks by itself.
void Host::look_for_room() {
  if (!writing_ && !paused_ && around_.loop.now_us() >= stalled_until_us_) {
    durable_->prepare();
    tell_room();
  }
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(look_us, [this, incarnation] {
    if (incarnation == incarnation_) look_for_room();
  });
}

void Host::tell_room() {
  if (durable_->room() == has_room_) return;
  has_room_ = durable_->room();
  around_.loop.note("room", {index_ + 1, has_room_ ? 1 : 0});
  input([this, room = has_room_] { node_->disk_room(now(), room); });
}

void Host::read(const broadcast::Fetch& fetch) {
  const std::uint64_t incarnation = incarnation_;
  const auto answer = [this, fetch] {
    std::vector<broadcast::Entry> entries;
    if (fetch.from >= durable_->first() && fetch.from <= durable_->last()) {
      entries = durable_->read(fetch.from, std::min(fetch.to, durable_->last()), fetch.max_bytes);
    }
    node_->fetched(now(), fetch.ticket, std::move(entries));
  };
  around_.loop.after(disk_delay() / 2 + 1, [this, incarnation, answer] {
    if (incarnation == incarnation_) input(answer);
  });
}

}  // namespace muster::simulation
