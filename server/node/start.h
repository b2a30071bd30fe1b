// From what the disk holds to a tree and the peer's starting point.
#pragma once

#include "server/broadcast/peer.h"
#include "server/node/node.h"
#include "server/tree/tree.h"

namespace muster::node {

struct Started {
  tree::Tree tree;                 // replayed up to the commit mark
  broadcast::Recovered recovered;  // and what lies above, which waits for a leader
};

[[nodiscard]] Started replay(const StartState& start);

[[nodiscard]] tree::Stamp stamp_of(const broadcast::Entry& entry);

}  // namespace muster::node
