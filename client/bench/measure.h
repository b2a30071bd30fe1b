// A whole measurement: connect, create the znodes, measure, remove them.
#pragma once

#include "client/bench/options.h"
#include "client/bench/report.h"

namespace muster::bench {

// Throws std::runtime_error, one sentence, for options that contradict each other and when there is nothing to measure. After Ctrl-C
// the znodes are removed and Interrupted is thrown.
[[nodiscard]] Report measure(const Options& options);

}  // namespace muster::bench
