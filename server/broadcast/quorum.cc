#include "server/broadcast/quorum.h"

#include "common/mutant.h"

namespace muster::broadcast {

std::size_t quorum_size(const Membership& membership) {
  if (mutant(Mutant::quorum_off_by_one)) return std::max<std::size_t>(1, membership.voters() / 2);
  return membership.quorum();
}

}  // namespace muster::broadcast
