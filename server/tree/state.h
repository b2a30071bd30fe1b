// What a Tree holds; for its own .cc files.
#pragma once

#include <cstddef>

#include "server/tree/command.h"
#include "server/tree/nodes.h"
#include "server/tree/sessions.h"
#include "server/tree/tree.h"

namespace muster::tree {

struct Tree::State {
  Nodes nodes;
  Sessions sessions;
  Zxid applied;
  // Into which entries are decoded, one after the other: no part of the state. A long one's memory is given back.
  static constexpr std::size_t kept_command_bytes = 64 * 1024;
  Command command;
};

}  // namespace muster::tree
