// Whether a history is linearizable, found out by search (Wing and Gong, with Lowe's memory of what was tried), znode by znode.
// Knows nothing of zxids: it is independent of what the zxid-order checker trusts. Writes of all outcomes and synced reads count;
// plain reads are not promised to be linearizable and are left out. An operation of unknown outcome may have taken effect at
// any time after its call, or never.
//   linearizable   no order explains a znode's answers
//   undecided      the search was given up after max_steps
#pragma once

#include <cstdint>

#include "tests/checkers/history.h"

namespace muster::checkers {

inline constexpr std::uint64_t default_max_steps = 20'000'000;  // of the search of one znode

[[nodiscard]] Violations check_linearizable(const History& history,
                                            std::uint64_t max_steps = default_max_steps);

}  // namespace muster::checkers
