// What has to change in one tree so that it is another below a path: how a backup goes back into an ensemble that runs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/wire/requests.h"
#include "server/tree/tree.h"

namespace muster::data {

// Each step holds only if what it changes is still as it was in `live`; a multi of them changes all or nothing.
struct Difference {
  std::vector<wire::MultiOp>
      steps;  // what is new and what is other, parents first; then what goes, children first
  std::vector<wire::SetAclRequest> lists;  // of znodes that stay; they have no place in a multi
  std::size_t created = 0, changed = 0, removed = 0;
  // Ephemeral znodes live and die with their sessions, and belong to no restore: those of `live` stay, and so does what they stand
  // in; what `wanted` has where one of them stands, or below it, is left out.
  std::size_t spared = 0, left_out = 0;

  [[nodiscard]] bool empty() const { return steps.empty() && lists.empty(); }
};

// `path` and all below it; what is missing above it is created, too. "/zookeeper" is the servers' own and never touched. Of a znode,
// its data and ACL are compared; Stats are new, as after any write. Throws Bad: `wanted` has no such znode, or an ephemeral one.
[[nodiscard]] Difference difference(const tree::Tree& wanted, const tree::Tree& live,
                                    const std::string& path);

// The steps in multis whose frames take at most so many bytes each: as few as can be in this order. A step that is larger alone gets
// one of its own.
[[nodiscard]] std::vector<wire::MultiRequest> in_multis(const std::vector<wire::MultiOp>& steps,
                                                        std::size_t max_frame_bytes);

}  // namespace muster::data
