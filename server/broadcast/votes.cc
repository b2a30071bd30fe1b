#include "server/broadcast/votes.h"

#include <algorithm>
#include <utility>

#include "common/mutant.h"

namespace muster::broadcast {
namespace {

bool log_reaches(const VoteRequest& request, const Core& core) {
  return std::pair(request.last_epoch, request.last) >=
         std::pair(core.history.last_epoch(), core.history.last());
}

// A founder is elected by servers that have nothing. One that has an earlier founder's entries may help too
// as long as it knows of nothing committed, whether or not it became qualified then: a founding cut short is
// completed, never repeated beside it. (A founder stands only when it sees all servers and fewer than a
// quorum of them are qualified, so nothing was ever committed; and all of them must vote for it. With `found`,
// the operator's word that no data exists stands for those that are not seen: a quorum must vote.)
bool may_vote_for_founder(const Core& core, const VoteRequest& request) {
  if (!core.config.initial.is_voter(core.config.self) || core.committed > Zxid{}) return false;
  return core.blank() || log_reaches(request, core);
}

bool may_vote(const Core& core, const VoteRequest& request) {
  if (!core.is_voter()) return false;
  if (!core.hard.qualified && !mutant(Mutant::wiped_voter_votes)) return false;
  return log_reaches(request, core) || mutant(Mutant::vote_for_any_log);
}

}  // namespace

bool answer_vote_request(Core& core, ServerId from, const VoteRequest& request, bool hears_leader) {
  const bool allowed = request.founding ? may_vote_for_founder(core, request) : may_vote(core, request);
  const bool stands_aside = hears_leader && !request.transfer;
  if (allowed && !stands_aside && request.standing_for <= core.hard.no_vote_through &&
      core.hard.epoch < core.hard.no_vote_through) {
    core.adopt(
        core.hard
            .no_vote_through);  // the reply then lifts the candidate over the epochs where we must be silent
  }
  const bool above = request.standing_for > core.hard.no_vote_through;
  VoteReply reply;
  reply.pre = request.pre;
  reply.standing_for = request.standing_for;
  if (request.pre) {
    reply.granted = allowed && !stands_aside && above && request.standing_for > core.hard.epoch;
    core.send(from, reply);
    return reply.granted;
  }
  const bool free = core.hard.vote == ServerId{} || core.hard.vote == from || mutant(Mutant::second_vote);
  reply.granted = allowed && !stands_aside && above && request.standing_for == core.hard.epoch && free;
  if (reply.granted && core.hard.vote != from) {
    core.hard.vote = from;
    core.write_hard_state();
  }
  if (reply.granted && request.founding) core.founding_vote = core.hard.epoch;
  core.send_once_durable(from, reply);
  return reply.granted;
}

Epoch next_epoch_to_stand_for(const Core& core) {
  return std::max(core.hard.epoch, core.hard.no_vote_through).next();
}

}  // namespace muster::broadcast
