// What a measurement says.
#pragma once

#include <string>

#include "client/bench/options.h"
#include "client/bench/results.h"

namespace muster::bench {

struct Report {
  Options options;
  Results results;
  std::size_t servers = 1;
  double own_cpu = 0;  // of this program, in cores, within the window
};

[[nodiscard]] std::string text(const Report& report);
[[nodiscard]] std::string json(const Report& report);  // one object; latencies in ms

}  // namespace muster::bench
