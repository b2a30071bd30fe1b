#include "server/broadcast/looking.h"

#include <algorithm>

#include "common/mutant.h"
#include "server/broadcast/founding.h"
#include "server/broadcast/quorum.h"
#include "server/broadcast/votes.h"

namespace muster::broadcast {
namespace {

constexpr int most_yields = 2;
constexpr std::int64_t better_first_timeouts = 3;

bool contains(const std::vector<ServerId>& ids, ServerId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

Looking::Looking(Core& core, Pace pace) : transfer_(pace == Pace::at_once) {
  if (pace == Pace::patient) {
    wait(core, core.config.stagger_ms, core.config.election_timeout_ms);
  } else {
    wait(core, 0, pace == Pace::soon ? core.config.stagger_ms : 0);
  }
  if (!transfer_) let_better_go_first(core);
}

// A server whose disk is full or stands still leads only if nobody else can.
void Looking::let_better_go_first(const Core& core) {
  if (core.disk < Disk::well) until_ms_ += better_first_timeouts * core.config.election_timeout_ms;
}

Next Looking::on_tick(Core& core) {
  if (core.now.mono_ms < until_ms_) return Next::stay();
  if (phase_ == Phase::standing) {
    wait_after_failure(core);
    return Next::stay();
  }
  return begin(core);
}

Next Looking::on_hello(Core& core, ServerId from) {
  if (phase_ != Phase::waiting && electorate(core).is_voter(from)) request(core, from);
  // The last of all empty servers may just have come in sight: no need to wait for the next round.
  if (phase_ == Phase::waiting && may_found(core) && founding_rank(core) == 0) return begin(core);
  return Next::stay();
}

Next Looking::on_vote_reply(Core& core, ServerId from, const VoteReply& reply) {
  if (phase_ == Phase::waiting || reply.pre != (phase_ == Phase::asking) ||
      reply.standing_for != standing_for_) {
    return Next::stay();
  }
  if (!electorate(core).is_voter(from)) return Next::stay();
  std::vector<ServerId>& side = reply.granted ? granted_ : refused_;
  if (!contains(granted_, from) && !contains(refused_, from)) side.push_back(from);
  if (reply.granted && !contains(granted_, from)) {  // changed its mind since an earlier round
    refused_.erase(std::remove(refused_.begin(), refused_.end(), from), refused_.end());
    granted_.push_back(from);
  }
  return count(core);
}

void Looking::on_adopted(Core& core) {
  if (phase_ != Phase::waiting) wait_after_failure(core);
}

void Looking::on_granted(Core& core, ServerId from, const VoteRequest& request) {
  const std::int64_t stagger = core.config.stagger_ms;
  if (!request.pre) {
    wait(core, core.config.election_timeout_ms, 2 * core.config.election_timeout_ms);
    return;
  }
  const bool equal_log =
      request.last == core.history.last() && request.last_epoch == core.history.last_epoch();
  const bool goes_first = phase_ == Phase::waiting || !equal_log || from < core.config.self;
  if (phase_ == Phase::standing || !goes_first || yields_ == most_yields) return;
  ++yields_;
  const std::int64_t until = phase_ == Phase::waiting ? until_ms_ : 0;
  wait(core, 2 * stagger, 5 * stagger);
  until_ms_ = std::max(until_ms_, until);
}

Next Looking::begin(Core& core) {
  founding_ = !transfer_ && may_found(core);
  if (!founding_ && !core.may_stand()) {
    // Looks again at each tick whether founding has become possible; then the lowest id goes first.
    phase_ = Phase::waiting;
    until_ms_ = core.now.mono_ms + founding_rank(core) * core.config.election_timeout_ms;
    return Next::stay();
  }
  standing_for_ = next_epoch_to_stand_for(core);
  granted_.assign(1, core.config.self);
  refused_.clear();
  if (transfer_) return stand(core);
  wait(core, 2 * core.config.stagger_ms, 5 * core.config.stagger_ms);
  phase_ = Phase::asking;
  request_all(core);
  return count(core);
}

Next Looking::stand(Core& core) {
  core.hard.epoch = standing_for_;
  core.hard.vote = core.config.self;
  core.write_hard_state();
  if (founding_) core.founding_vote = standing_for_;
  granted_.assign(1, core.config.self);
  refused_.clear();
  wait(core, core.config.election_timeout_ms, 2 * core.config.election_timeout_ms);
  phase_ = Phase::standing;
  request_all(core);
  transfer_ = false;
  return count(core);
}

Next Looking::count(Core& core) {
  if (phase_ == Phase::waiting) return Next::stay();
  const std::size_t needed = votes_needed(core);
  if (granted_.size() >= needed) {
    if (phase_ == Phase::asking) return stand(core);
    const HardState& durable = core.outbox.durable_hard_state();
    const bool own_vote = durable.epoch == standing_for_ && durable.vote == core.config.self;
    if (own_vote || mutant(Mutant::vote_not_durable)) return Next::lead(founding_);
    return Next::stay();  // on_persisted counts again
  }
  std::size_t open = 0;
  for (const Member& member : electorate(core).members) {
    const bool answered = contains(granted_, member.id) || contains(refused_, member.id);
    if (member.voter && core.usable(member.id) && !answered) ++open;
  }
  if (granted_.size() + open >= needed) return Next::stay();
  if (phase_ == Phase::standing) {
    wait_after_failure(core);
  } else {
    until_ms_ = std::min(until_ms_, core.now.mono_ms + core.random.between(core.config.stagger_ms,
                                                                           3 * core.config.stagger_ms));
  }
  return Next::stay();
}

void Looking::wait(Core& core, std::int64_t low_ms, std::int64_t high_ms) {
  phase_ = Phase::waiting;
  until_ms_ = core.now.mono_ms + core.random.between(low_ms, std::max(low_ms, high_ms));
}

void Looking::wait_after_failure(Core& core) {
  failures_ = std::min(failures_ + 1, 4);
  const std::int64_t longest =
      std::min(core.config.election_timeout_ms, core.config.stagger_ms << (failures_ + 1));
  wait(core, core.config.stagger_ms, longest);
  let_better_go_first(core);
}

void Looking::request(Core& core, ServerId to) const {
  VoteRequest request;
  request.pre = phase_ == Phase::asking;
  request.founding = founding_;
  request.transfer = transfer_;
  request.standing_for = standing_for_;
  request.last = core.history.last();
  request.last_epoch = core.history.last_epoch();
  if (request.pre) {
    core.send(to, request);
  } else {
    core.send_once_durable(to, request);
  }
}

void Looking::request_all(Core& core) const {
  for (const Member& member : electorate(core).members) {
    if (member.voter && member.id != core.config.self) request(core, member.id);
  }
}

const Membership& Looking::electorate(const Core& core) const {
  return founding_ ? core.config.initial : core.membership();
}

std::size_t Looking::votes_needed(const Core& core) const {
  return founding_ ? founding_votes_needed(core) : quorum_size(core.membership());
}

}  // namespace muster::broadcast
