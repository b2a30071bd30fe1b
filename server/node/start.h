// From what the disk holds to a tree and the peer's starting point.
#pragma once

#include <cstddef>
#include <optional>

#include "server/broadcast/peer.h"
#include "server/node/node.h"
#include "server/tree/tree.h"

namespace muster::node {

struct Started {
  tree::Tree tree;                 // replayed up to the commit mark
  broadcast::Recovered recovered;  // and what lies above, which waits for a leader
  std::optional<Meta> checkpoint;  // from which it was replayed
  std::size_t replayed_entries = 0, replayed_bytes = 0;
};

[[nodiscard]] Started replay(StartState start);

[[nodiscard]] tree::Stamp stamp_of(const broadcast::Entry& entry);

}  // namespace muster::node
