// Who gets this server's vote.
#pragma once

#include "server/broadcast/core.h"

namespace muster::broadcast {

// Answers a request whose epoch, if it is not a pre-vote, has been adopted. `hears_leader`: a live leader was
// heard of within an election timeout, so that the candidate is merely cut off from it. True if the vote (or
// the pre-vote) was granted.
bool answer_vote_request(Core& core, ServerId from, const VoteRequest& request, bool hears_leader);

// Where this server's own candidature would begin: above every epoch in which it may have voted.
[[nodiscard]] Epoch next_epoch_to_stand_for(const Core& core);

}  // namespace muster::broadcast
