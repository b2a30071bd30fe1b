#include "server/broadcast/leading.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/mutant.h"
#include "server/broadcast/founding.h"
#include "server/broadcast/quorum.h"

namespace muster::broadcast {
namespace {

constexpr std::int64_t hand_over_timeouts = 4;  // from one try to hand over for the disk's sake to the next

}  // namespace

Leading::Leading(Core& core, bool founding) : intake_(core), beat_ms_(core.now.mono_ms) {
  CHECK(core.hard.vote == core.config.self, "a leader has its own vote");
  const Zxid last = core.history.last();
  if (founding && last == Zxid{}) {
    core.append(founding_entry(core));
    core.hard.qualified = true;  // in the same write
    core.write_hard_state();
  }
  for (const Member& member : core.membership().members) {
    if (member.id == core.config.self) continue;
    Progress& progress = followers_[member.id];
    progress.heard_ms = core.now.mono_ms;
    progress.reset(last.next());
    const Link* link = core.usable(member.id);
    if (link) progress.state_lost = link->hello->state_lost;
  }
  append(core, EntryKind::epoch_start);
  first_ = core.history.last();
  core.welcomed_by.reset();
  core.barriers.ask_again();
  maybe_commit(core);
}

void Leading::append(Core& core, EntryKind kind) {
  Entry entry;
  entry.epoch = core.hard.epoch;
  entry.zxid = core.history.last().next();
  entry.kind = kind;
  entry.time_ms = core.now.wall_ms;
  core.append(entry);
}

std::vector<Follower> Leading::followers() const {
  std::vector<Follower> all;
  for (const auto& [id, progress] : followers_)
    if (progress.welcomed) all.push_back({id, progress.counts});
  return all;
}

Next Leading::on_tick(Core& core) {
  const std::int64_t now = core.now.mono_ms;
  if (!hears_quorum(core)) return Next::look(Pace::patient);
  if (now - beat_ms_ >= core.config.heartbeat_ms) {
    ++beat_;
    beat_ms_ = now;
  }
  if (transfer_ && now >= transfer_->until_ms) give_up_transfer(core);
  judge_disks(core);
  if (core.disk < disks_ && now >= next_hand_over_ms_) {
    // While one is under way nothing is taken: between two that fail the ensemble must get on.
    next_hand_over_ms_ = now + hand_over_timeouts * core.config.election_timeout_ms;
    transfer(core);
  }
  return Next::stay();
}

void Leading::judge_disks(const Core& core) {
  std::vector<Disk> disks;
  for (const Member& member : core.membership().members)
    if (member.voter) disks.push_back(disk_of(core, member.id));
  disks_ = reached_by_quorum(disks, quorum_size(core.membership()));
}

Disk Leading::disk_of(const Core& core, ServerId id) const {
  if (id == core.config.self) return core.counts() ? core.disk : Disk::absent;
  const auto follower = followers_.find(id);
  if (follower == followers_.end() || !core.usable(id)) return Disk::absent;
  const Progress& progress = follower->second;
  const bool heard = core.now.mono_ms - progress.heard_ms < core.config.election_timeout_ms;
  return progress.counts && heard ? progress.disk : Disk::absent;
}

// What room it has left is for the day when it is needed for a quorum. An observer gets no founding that is not committed: should
// the voters lose it, an observer that has something would keep them from founding anew (may_found).
bool Leading::holds_back(const Core& core, ServerId follower, const Progress& progress) const {
  if (core.committed == Zxid{} && !core.membership().is_voter(follower)) return true;
  return progress.disk == Disk::full && disks_ > Disk::full;
}

// A leader that is cut off must not go on telling its clients that all is well, and lets the others elect
// without it.
bool Leading::hears_quorum(const Core& core) const {
  const std::int64_t since = core.now.mono_ms - core.config.election_timeout_ms;
  std::size_t heard = core.is_voter() ? 1 : 0;
  for (const auto& [id, progress] : followers_) {
    if (core.membership().is_voter(id) && progress.heard_ms >= since) ++heard;
  }
  return heard >= quorum_size(core.membership());
}

void Leading::on_hello(Core& core, ServerId from, const Hello& hello) {
  const auto follower = followers_.find(from);
  if (follower == followers_.end()) return;
  confirmations_.forget(from);
  follower->second.reset(core.history.last_not_after(hello.last, hello.last_epoch).next());
  follower->second.state_lost = hello.state_lost;
  if (welcoming_) welcome(core, from);
}

void Leading::on_link_lost(Core& core, ServerId peer) {
  confirmations_.forget(peer);
  const auto follower = followers_.find(peer);
  if (follower != followers_.end()) {
    // One that was sent a state starts again with it: what comes after it is kept until it is back.
    const std::optional<Zxid> pinned = follower->second.pinned;
    follower->second.reset(core.history.last().next());
    follower->second.pinned = pinned;
  }
  if (transfer_ && transfer_->target == peer) give_up_transfer(core);
}

void Leading::on_append_reply(Core& core, ServerId from, const AppendReply& reply) {
  const auto follower = followers_.find(from);
  if (follower == followers_.end()) return;
  Progress& progress = follower->second;
  progress.counts = reply.counts;
  progress.disk = reply.disk;
  if (reply.counts) {
    progress.heard_ms = core.now.mono_ms;
    progress.echoed_beat = std::max(progress.echoed_beat, std::min(reply.beat, beat_));
  }
  if (reply.accepted) {
    if (reply.durable > core.history.last()) return;  // not of our making
    progress.accepted(reply.durable);
    maybe_commit(core);
  } else {
    progress.rejected(core.history.last_not_after(reply.durable, reply.hint_epoch));
  }
}

// Only an entry of this epoch is committed by counting; what lies below it is committed with it. An older
// entry on a quorum of disks may still be replaced by a leader that never saw it (Ongaro 2014, figure 3.7).
void Leading::maybe_commit(Core& core) {
  std::vector<Zxid> matches;
  const Membership& membership = core.membership();
  for (const Member& member : membership.members) {
    if (!member.voter) continue;
    if (member.id == core.config.self) {
      const Zxid own = mutant(Mutant::own_log_counts_early) ? core.history.last() : core.outbox.durable();
      matches.push_back(core.counts() ? own : Zxid{});
    } else {
      const auto follower = followers_.find(member.id);
      const bool counted = follower != followers_.end() && follower->second.counts;
      matches.push_back(counted ? follower->second.match() : Zxid{});
    }
  }
  const Zxid reached = reached_by_quorum(matches, quorum_size(membership));
  if (reached <= core.committed) return;
  if (core.history.epoch_at(reached) != core.hard.epoch && !mutant(Mutant::commit_of_an_older_epoch)) return;
  core.commit(reached);
}

void Leading::on_forward(Core& core, ServerId from, const Forward& forward) {
  const auto follower = followers_.find(from);
  const Link* link = core.usable(from);
  if (follower == followers_.end() || !follower->second.welcomed || transfer_) return;
  if (!link || link->hello->boot != forward.boot) return;
  ForwardId id{from, forward.boot, forward.n};
  for (const SharedBytes& command : forward.commands) {
    intake_.take(core, id, command);
    ++id.n;
  }
}

void Leading::on_barrier_request(Core& core, ServerId from, const BarrierRequest& request) {
  const bool known = established(core) || mutant(Mutant::barrier_before_first_entry);
  confirmations_.add(Confirmations::Question{from, request.id, known ? beat_ + 1 : 0, core.committed});
}

void Leading::flush(Core& core) {
  if (!welcoming_ && established(core)) {
    welcoming_ = true;
    welcome_all(core);
    confirmations_.established(core.committed, beat_ + 1);
  }
  if (welcoming_ && !transfer_ && intake_.reopens(core)) welcome_all(core);
  take_own(core);
  tell_to_stand(core);
  ask_for_echoes(core);
  answer_barriers(core);
  for (auto& [id, progress] : followers_) replicate(core, id, progress);
}

void Leading::welcome_all(Core& core) {
  core.forwarder.welcomed(intake_.last_n(core.config.self, core.config.boot));
  for (const auto& [id, progress] : followers_) welcome(core, id);
}

void Leading::welcome(Core& core, ServerId to) {
  const Link* link = core.usable(to);
  if (!link || transfer_) return;
  followers_.at(to).welcomed = true;
  core.send(to, Welcome{link->hello->boot, intake_.last_n(to, link->hello->boot)});
}

// Its own clients' commands go the way of the others', without the hop.
void Leading::take_own(Core& core) {
  while (welcoming_ && !transfer_ && core.forwarder.has_unsent()) {
    const ForwardId id{core.config.self, core.config.boot, core.forwarder.next_unsent_n()};
    if (!intake_.take(core, id, core.forwarder.next_unsent())) break;
    core.forwarder.sent_one();
  }
}

void Leading::transfer(Core& core) {
  if (transfer_) return;
  const std::pair<const ServerId, Progress>* best = nullptr;
  for (const auto& follower : followers_) {
    const auto& [id, progress] = follower;
    if (!core.membership().is_voter(id) || !progress.counts || progress.state_lost || !core.usable(id))
      continue;
    const auto merits = [](const Progress& p) { return std::pair(p.disk, p.match()); };
    if (!best || merits(progress) > merits(best->second)) best = &follower;
  }
  if (best) transfer_ = Transfer{best->first, core.now.mono_ms + core.config.election_timeout_ms};
}

void Leading::tell_to_stand(Core& core) {
  if (!transfer_ || transfer_->told || followers_.at(transfer_->target).match() < core.history.last()) return;
  transfer_->told = true;
  core.send(transfer_->target, StandNow{});
}

void Leading::give_up_transfer(Core& core) {
  transfer_.reset();
  if (welcoming_) welcome_all(core);  // what was forwarded meanwhile was not taken
}

void Leading::ask_for_echoes(Core& core) {
  if (const auto wire = core.barriers.ask(core.now.mono_ms))
    on_barrier_request(core, core.config.self, BarrierRequest{*wire});
  if (confirmations_.wanted_beat() > beat_) {
    ++beat_;
    beat_ms_ = core.now.mono_ms;
  }
}

std::uint64_t Leading::echoed_by_quorum(const Core& core) const {
  std::vector<std::uint64_t> beats;
  if (core.is_voter()) beats.push_back(beat_);
  for (const auto& [id, progress] : followers_) {
    if (core.membership().is_voter(id)) beats.push_back(progress.echoed_beat);
  }
  return reached_by_quorum(beats, quorum_size(core.membership()));
}

void Leading::answer_barriers(Core& core) {
  if (confirmations_.wanted_beat() == 0) return;
  std::vector<Confirmations::Question> confirmed;
  confirmations_.take_confirmed(mutant(Mutant::barrier_without_quorum) ? beat_ : echoed_by_quorum(core),
                                confirmed);
  for (const auto& question : confirmed) {
    if (question.asker == core.config.self) {
      core.barriers.answered(question.wire, question.zxid);
    } else {
      core.send(question.asker, BarrierReply{question.wire, question.zxid});
    }
  }
}

}  // namespace muster::broadcast
