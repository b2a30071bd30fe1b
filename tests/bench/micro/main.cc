// Micro-benchmarks of the hot paths. See tests/README.md.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
