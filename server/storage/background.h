// Work that may wait: the making of checkpoints, and what LevelDB does by itself.
#pragma once

namespace muster::storage {

// From here on the calling thread gets a tenth of the processor's time that a usual one wants beside it: little, so that writes do not
// wait for it, and never nothing, so that a checkpoint comes to its end.
void yield_to_others();

}  // namespace muster::storage
