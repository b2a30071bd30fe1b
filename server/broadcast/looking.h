// A server without a leader. Asks for pre-votes when its time comes, stands when a quorum would vote for it,
// and founds the ensemble when every server is empty.
//
//   waiting --time--> asking (pre-vote, raises nothing) --quorum--> standing (a new epoch, its own vote on
//   disk) --quorum--> leads
//      ^-----------------------'  refused or no answer  '---------------------'
#pragma once

#include <vector>

#include "server/broadcast/core.h"

namespace muster::broadcast {

class Looking {
 public:
  Looking(Core& core, Pace pace);

  Next on_tick(Core& core);
  Next on_hello(Core& core, ServerId from);  // a new link: asks there too
  Next on_vote_reply(Core& core, ServerId from, const VoteReply& reply);
  Next on_persisted(Core& core) { return count(core); }
  void on_adopted(Core& core);  // a greater epoch: the round is void
  // It gave its vote, or would: lets that one try first. Of two that ask at once the better log, then the
  // lower id, goes on: over a link the other's request arrives before its answer, so both see it alike.
  void on_granted(Core& core, ServerId from, const VoteRequest& request);

 private:
  friend class Fingerprint;
  enum class Phase : std::uint8_t { waiting, asking, standing };

  Next begin(Core& core);  // the next round of asking, if it may
  Next stand(Core& core);
  Next count(Core& core);
  void wait(Core& core, std::int64_t low_ms, std::int64_t high_ms);
  void wait_after_failure(Core& core);
  void let_better_go_first(const Core& core);
  void request(Core& core, ServerId to) const;
  void request_all(Core& core) const;
  [[nodiscard]] const Membership& electorate(const Core& core) const;
  [[nodiscard]] std::size_t votes_needed(const Core& core) const;

  Phase phase_ = Phase::waiting;
  bool founding_ = false;  // of the round
  bool transfer_ = false;
  int yields_ = 0;    // to others that asked: few, so that one that can never win does not silence us
  int failures_ = 0;  // of standing, in a row: waits grow, so that equals part
  Epoch standing_for_;
  std::int64_t until_ms_ = 0;  // end of the wait or of the round
  std::vector<ServerId> granted_, refused_;
};

}  // namespace muster::broadcast
