#include "server/broadcast/following.h"

#include <algorithm>
#include <utility>

#include "common/mutant.h"

namespace muster::broadcast {
namespace {

constexpr Zxid greatest_zxid{std::int64_t{1} << 62};  // beyond it counting on would overflow

// A leader that lies, or that has a bug, must not bring us down with it, nor make us forget what is committed:
// what only such a one can say is not heard.

// An Append as a correct leader makes it: contiguous, of epochs that grow up to the leader's, with readable
// contents.
bool well_formed(const Append& append, Epoch leaders) {
  Zxid zxid = append.prev;
  Epoch epoch = append.prev_epoch;
  if (zxid < Zxid{} || zxid > greatest_zxid || (zxid == Zxid{} && epoch != Epoch{})) return false;
  for (const Entry& entry : append.entries) {
    if (entry.zxid != zxid.next() || entry.epoch < epoch || entry.epoch > leaders) return false;
    zxid = entry.zxid;
    epoch = entry.epoch;
    if (entry.kind == EntryKind::founding) {
      Founding founding;
      if (zxid != Zxid{1} || !decode(entry.payload.view(), founding)) return false;
    } else if (entry.kind == EntryKind::membership) {
      Membership membership;
      if (!decode(entry.payload.view(), membership)) return false;
    }
  }
  return true;
}

// It has one of our proposals that we never made.
bool invents(const Core& core, const Append& append) {
  return std::any_of(append.entries.begin(), append.entries.end(), [&](const Entry& entry) {
    const ForwardId& id = entry.forward;
    return id.origin == core.config.self && id.boot == core.config.boot && id.n > core.forwarder.last_n();
  });
}

std::optional<Core::WelcomedBy> present_link(const Core& core, ServerId leader) {
  const Link* link = core.usable(leader);
  if (!link) return std::nullopt;
  return Core::WelcomedBy{leader, core.hard.epoch, link->id};
}

}  // namespace

Following::Following(Core& core, ServerId leader)
    : leader_(leader),
      heard_ms_(core.now.mono_ms),
      timeout_ms_(core.random.between(core.config.election_timeout_ms, 2 * core.config.election_timeout_ms)),
      matched_(core.committed) {
  if (core.welcomed_by != present_link(core, leader)) core.welcomed_by.reset();
  core.barriers.ask_again();
}

bool Following::hears_leader(const Core& core) const {
  return core.now.mono_ms - heard_ms_ < core.config.election_timeout_ms;
}

Next Following::on_tick(Core& core) {
  if (core.now.mono_ms - heard_ms_ >= timeout_ms_) return Next::look(Pace::soon);
  if (core.barriers.overdue(core.now.mono_ms - core.config.election_timeout_ms)) core.barriers.ask_again();
  maybe_qualify(core);
  return Next::stay();
}

void Following::on_append(Core& core, const Append& append) {
  if (!well_formed(append, core.hard.epoch) || invents(core, append) || contradicts(core, append)) return;
  heard_ms_ = core.now.mono_ms;
  beat_ = std::max(beat_, append.beat);
  established_ = established_ || append.established;
  disks_ = append.disks;
  const auto epoch = core.history.epoch_at(append.prev);
  // What is committed is the same everywhere, known epoch or not.
  const bool matches = epoch ? *epoch == append.prev_epoch || mutant(Mutant::prev_epoch_not_compared)
                             : append.prev <= core.committed;
  if (!matches) return reject(core, append);
  if (std::exchange(rejected_, false)) echoed_ = 0;
  take_entries(core, append);
  core.commit(
      std::min(append.commit, mutant(Mutant::commit_past_own_match) ? core.history.last() : matched_));
  if (!core.hard.qualified && append.established && !repair_target_) repair_target_ = append.commit;
  maybe_qualify(core);
}

// It has another entry where our logs were found equal, among them all that is committed here. Within an epoch
// a leader's log only grows, and it holds what was committed before.
bool Following::contradicts(const Core& core, const Append& append) const {
  return std::any_of(append.entries.begin(), append.entries.end(), [&](const Entry& entry) {
    const auto held = core.history.epoch_at(entry.zxid);
    return entry.zxid <= matched_ && held && *held != entry.epoch;
  });
}

void Following::reject(Core& core, const Append& append) {
  AppendReply reply;
  reply.accepted = false;
  // What is committed is the leader's too, also where its epochs are forgotten.
  reply.durable = std::max(core.committed, core.history.last_not_after(append.prev, append.prev_epoch));
  reply.hint_epoch = core.history.epoch_at(reply.durable).value_or(Epoch{});
  reply.beat = beat_;
  reply.counts = core.counts();
  reply.disk = core.disk;
  core.send(leader_, reply);
  echoed_ = beat_;
  rejected_ = true;
}

void Following::take_entries(Core& core, const Append& append) {
  Zxid matched = append.prev;
  for (const Entry& entry : append.entries) {
    if (entry.zxid <= core.history.last()) {
      const auto held = core.history.epoch_at(entry.zxid);
      const bool same = held ? *held == entry.epoch : entry.zxid <= core.committed;
      if (!same && !mutant(Mutant::conflicts_kept)) core.truncate_after(matched);
    }
    if (entry.zxid > core.history.last()) core.append(entry);
    matched = entry.zxid;
  }
  matched_ = std::max(matched_, matched);
  const bool voted_for_founder = core.founding_vote != Epoch{} && core.founding_vote == core.hard.epoch;
  if (!core.hard.qualified && voted_for_founder && core.founding) {
    // It took part in the founding: the founder's epoch is the first in which it voted, and it remembers that
    // vote. In the same write as the founding entry.
    core.hard.qualified = true;
    core.write_hard_state();
  }
}

// A server whose disk was new may have voted in some epoch before, and does not know. It takes part again
// when
//   - its durable log holds everything that was committed when the repair began (a leader whose first entry
//   is committed said so);
//   - it has heard, since it started, the epoch of *every* other voter: it then votes only in epochs above
//   all of those.
// A quorum's worth of them would not do: an election still under way could be completed by its forgotten vote
// for one candidate together with a second one for another in the same epoch; and any candidate of such an
// election is one of the voters heard.
void Following::maybe_qualify(Core& core) {
  if (core.hard.qualified || !repair_target_ || matched_and_durable(core) < *repair_target_) return;
  Epoch greatest = core.hard.epoch;
  for (const Member& member : core.membership().members) {
    if (!member.voter || member.id == core.config.self) continue;
    const auto heard = core.heard_epochs.find(member.id);
    if (heard == core.heard_epochs.end()) return;
    greatest = std::max(greatest, heard->second);
  }
  core.hard.qualified = true;
  core.hard.no_vote_through = std::max(core.hard.no_vote_through, greatest);
  core.write_hard_state();
}

Zxid Following::matched_and_durable(const Core& core) const {
  if (mutant(Mutant::ack_before_durable)) return matched_;
  return std::min(matched_, core.outbox.durable());
}

void Following::on_welcome(Core& core, const Welcome& welcome) {
  if (welcome.boot != core.config.boot) return;
  core.welcomed_by = present_link(core, leader_);
  core.forwarder.welcomed(welcome.last_n);
}

void Following::on_barrier_reply(Core& core, const BarrierReply& reply) {
  core.barriers.answered(reply.id, reply.zxid);
}

Next Following::on_stand_now(Core& core) {
  if (!core.may_stand()) return Next::stay();
  return Next::look(Pace::at_once);
}

void Following::flush(Core& core) {
  const Zxid durable = matched_and_durable(core);
  if (beat_ > echoed_ || durable > acked_) {
    AppendReply reply;
    reply.durable = durable;
    reply.beat = beat_;
    reply.counts = core.counts();
    reply.disk = core.disk;
    core.send(leader_, reply);
    echoed_ = beat_;
    acked_ = durable;
  }
  while (core.welcomed_by && core.forwarder.has_unsent()) {
    Forward forward;
    forward.boot = core.config.boot;
    forward.n = core.forwarder.take_unsent(core.config.max_append_bytes, forward.commands);
    core.send(leader_, std::move(forward));
  }
  if (const auto wire = core.barriers.ask(core.now.mono_ms)) core.send(leader_, BarrierRequest{*wire});
}

}  // namespace muster::broadcast
