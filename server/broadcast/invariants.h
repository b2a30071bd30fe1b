// What must hold of one server after every input.
#pragma once

#include "server/broadcast/core.h"

namespace muster::broadcast {

void check_invariants(const Core& core);

}  // namespace muster::broadcast
