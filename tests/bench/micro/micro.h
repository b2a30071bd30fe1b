// What the micro-benchmarks share.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>

namespace muster::bench {

[[nodiscard]] inline std::int64_t number_from(const char* variable, std::int64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoll(text);
}

// Znodes in the trees. MUSTER_MICRO_NODES; default a million.
[[nodiscard]] inline std::int64_t nodes() { return number_from("MUSTER_MICRO_NODES", 1'000'000); }

// MUSTER_MICRO_ITERATIONS, for counting instructions: exactly so many, however long they take.
inline void iterations(::benchmark::internal::Benchmark* benchmark) {
  if (const std::int64_t count = number_from("MUSTER_MICRO_ITERATIONS", 0); count > 0)
    benchmark->Iterations(count);
}

}  // namespace muster::bench

#define MUSTER_MICRO(function) BENCHMARK(function)->Apply(::muster::bench::iterations)
