// check-history FILE…: judges histories (history.h) with both checkers. Prints what they found; exit status 1 if they did.
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <fstream>

#include "tests/checkers/linearizable.h"
#include "tests/checkers/zxid_order.h"

namespace {

using namespace muster::checkers;

std::size_t tell(const char* checker, const char* file, const Violations& violations) {
  constexpr std::size_t most = 20;
  for (std::size_t i = 0; i < violations.size() && i < most; ++i)
    fmt::print("{}: {}: {}: {}\n", file, checker, violations[i].rule, violations[i].detail);
  if (violations.size() > most) fmt::print("{}: {}: {} more\n", file, checker, violations.size() - most);
  return violations.size();
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool check(const char* file) {
  std::ifstream lines(file);
  if (!lines) {
    fmt::print(stderr, "check-history: {} can't be read\n", file);
    return false;
  }
  const auto history = parse(lines);
  if (!history) {
    fmt::print(stderr, "check-history: {}: {}\n", file, history.error().message);
    return false;
  }
  const auto start = std::chrono::steady_clock::now();
  std::size_t found = tell("zxid order", file, check_zxid_order(*history));
  const double zxid_seconds = seconds_since(start);
  found += tell("linearizable", file, check_linearizable(*history));
  fmt::print("{}: {} operations, {} violations; zxid order {:.1f} s, linearizable {:.1f} s\n", file,
             history->size(), found, zxid_seconds, seconds_since(start) - zxid_seconds);
  return found == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: check-history FILE…\n");
    return 2;
  }
  bool fine = true;
  for (int i = 1; i < argc; ++i) fine = check(argv[i]) && fine;
  return fine ? 0 : 1;
}
