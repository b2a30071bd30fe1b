// What each workload that keeps requests in flight asks for.
#pragma once

#include <memory>

#include "client/bench/options.h"
#include "client/bench/steady.h"
#include "client/bench/znodes.h"

namespace muster::bench {

// For loop number `loop` of options.threads. Not for watch and sessions.
[[nodiscard]] std::unique_ptr<Source> make_source(const Options& options, const Znodes& znodes,
                                                  std::size_t loop);

}  // namespace muster::bench
