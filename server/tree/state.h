// What a Tree holds; for its own .cc files.
#pragma once

#include "server/tree/nodes.h"
#include "server/tree/sessions.h"
#include "server/tree/tree.h"

namespace muster::tree {

struct Tree::State {
  Nodes nodes;
  Sessions sessions;
  Zxid applied;
};

}  // namespace muster::tree
