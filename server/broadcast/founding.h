// When a server may found the ensemble, and the entry with which it does (DESIGN D14).
#pragma once

#include "server/broadcast/core.h"

namespace muster::broadcast {

// All other servers of the configuration are linked and have nothing (or, to complete a founding that was cut
// short, nothing but this founder's entries), and too few are qualified for an ordinary election. With
// config.found a quorum of voters is enough.
[[nodiscard]] bool may_found(const Core& core);
[[nodiscard]] std::size_t founding_votes_needed(const Core& core);
// Its place among the voters: the lowest stands first.
[[nodiscard]] std::int64_t founding_rank(const Core& core);
[[nodiscard]] Entry founding_entry(const Core& core);

}  // namespace muster::broadcast
