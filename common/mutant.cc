#include "common/mutant.h"

namespace muster {
#ifdef MUSTER_SIM
thread_local Mutant active_mutant = Mutant::none;
#endif
}  // namespace muster
