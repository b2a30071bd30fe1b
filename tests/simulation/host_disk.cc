// A server's log and votes on its disk, and the thread that writes them.
#include <fmt/core.h>

#include <limits>
#include <utility>

#include "common/check.h"
#include "server/broadcast/describe.h"
#include "server/storage/state_codec.h"
#include "tests/simulation/host.h"

namespace muster::simulation {
namespace {

const std::string directory = "/data";
constexpr std::int64_t look_us = 1'000'000;  // from one look for room to the next

}  // namespace

void Host::recover_from_faults() {
  steps_to_live_.reset();
  disk_steps_to_live_.reset();
  disk_error_.reset();
  disk_factor_ = 1;
  stalled_until_us_ = 0;
  ++fills_;
  files_.set_capacity(std::numeric_limits<std::uint64_t>::max());
}

// False: it died over it.
bool Host::open_disk() {
  if (comes_to(Fault::crash_in_recovery)) files_.crash_at(random_.below(12) + 1);
  const bool error_expected = expect_disk_error();
  const std::optional<broadcast::HardState> newest = newest_vote_file();
  std::vector<broadcast::Entry> log;
  try {
    identity_.emplace(open_identity());
    durable_ = std::make_unique<storage::Durable>(
        files_, directory,
        storage::DurableOptions{around_.profile.segment_bytes, [this] { return random_.next(); },
                                [this](const std::string& line) {
                                  around_.loop.say(fmt::format("server {}: {}", index_ + 1, line));
                                },
                                around_.profile.servers > 1});
    check_vote(newest);  // before the start judges that log and state are both lost
    if (damaged_ && !durable_->hard_state().qualified) {
      may_lack_state_ = true;
      around_.logs.on_wiped(index_);
    }
    start_ = start_state();
    log = whole_log();
  } catch (const storage::SimCrash&) {
    around_.loop.mark("start that crashed");
    die(random_.chance(1, 2) ? Death::killed : Death::power_cut, restart_delay());
    return false;
  } catch (const storage::NoSpace&) {
    die(Death::killed,
        look_us + restart_delay());  // it says so and ends; whoever looks after it starts it again
    return false;
  } catch (const storage::DiskError& error) {
    if (error_expected) {
      die(Death::killed, restart_delay());
    } else if (damaged_) {
      give_up_disk(error.what());
    } else {
      broken("recovery", fmt::format("server {} can't start: {}", index_ + 1, error.what()));
    }
    return false;
  }
  files_.kill();  // clears the hooks; the process lives on
  damaged_ = false;
  around_.logs.on_recovered(index_, durable_->hard_state(), durable_->first(), log);
  while (around_.model.applied() < durable_->commit_mark()) {
    around_.model.apply(around_.logs.adopt(index_, durable_->hard_state().epoch));
  }
  return true;
}

storage::IdentityFile Host::open_identity() { return {files_, directory, ServerId{index_ + 1}}; }

// As server/runtime/server does it, on the disk's thread. False: it finds no room, and ends.
bool Host::note_cluster() {
  const broadcast::Peer& peer = node_->peer();
  if (!peer.founding() || peer.delivered() == Zxid{}) return true;
  try {
    identity_->set_cluster(peer.founding()->cluster_id);
  } catch (const storage::NoSpace&) {
    return false;
  }
  return true;
}

// What it is told says that the disk is to be changed; that is done.
void Host::give_up_disk(const char* why) {
  around_.loop.note("disk replaced", {index_ + 1});
  around_.loop.say(why);
  durable_.reset();
  identity_.reset();
  wipe(restart_delay());
}

// Whether one of the next operations fails. The hooks last until kill().
bool Host::expect_disk_error() {
  const std::optional<Fault> error = std::exchange(disk_error_, std::nullopt);
  if (!error) return false;
  around_.loop.fault(*error, {index_ + 1});
  const std::uint64_t n = random_.below(4) + 1;
  *error == Fault::sync_error ? files_.lose_sync_at(n) : files_.fail_write_at(n);
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
  broadcast::HardState expected = *newest;
  if (damaged_) expected.qualified = expected.qualified && recovered.qualified;
  if (!raised && !(recovered == expected)) {
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

// What the disk was doing may be done in part, or whole and never reported.
void Host::leave_half_done_work() {
  if (random_.chance(1, 2)) return;
  files_.crash_at(random_.below(10) + 1);
  try {
    if (durable_->make_room(*writing_)) durable_->perform(*writing_);
  } catch (const storage::SimCrash&) {
  }
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
  bool error_expected = false;
  if (writing_->hard_state || !writing_->append.empty()) error_expected = expect_disk_error();
  bool room = false, ends = false;
  try {
    room = durable_->make_room(*writing_);
    if (room) durable_->perform(*writing_);
    ends = !note_cluster();
  } catch (const storage::SimCrash&) {
    writing_.reset();
    return die(random_.chance(1, 3) ? Death::killed : Death::power_cut, restart_delay());
  } catch (const storage::DiskError& error) {
    if (!error_expected && !damaged_)
      broken("disk", fmt::format("server {} can't write: {}", index_ + 1, error.what()));
    writing_.reset();
    return die(Death::killed, restart_delay());
  }
  if (ends) {
    writing_.reset();
    return die(Death::killed, look_us + restart_delay());
  }
  files_.kill();  // clears a hook that was not reached
  if (!room) {
    perform_after(look_us);
    return tell_room();
  }
  const broadcast::Persist done = *std::exchange(writing_, std::nullopt);
  const bool changes_log = !done.append.empty() || done.truncate_after;
  log_rests_ = durable_->room() && !changes_log && (log_rests_ || !done.hard_state);
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
  around_.loop.note("fetch", {index_ + 1});
  const std::uint64_t incarnation = incarnation_;
  const auto answer = [this, fetch] {
    std::vector<broadcast::Entry> entries;
    if (fetch.from >= durable_->first() && fetch.from <= durable_->last()) {
      try {
        entries = durable_->read(fetch.from, std::min(fetch.to, durable_->last()), fetch.max_bytes);
      } catch (const storage::DiskError& error) {
        if (!damaged_)
          broken("disk", fmt::format("server {} can't read its log: {}", index_ + 1, error.what()));
        return die(Death::killed, restart_delay());
      }
    }
    node_->fetched(now(), fetch.ticket, std::move(entries));
  };
  around_.loop.after(disk_delay() / 2 + 1, [this, incarnation, answer] {
    if (incarnation == incarnation_) input(answer);
  });
}

}  // namespace muster::simulation
