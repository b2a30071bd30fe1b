#include "tests/simulation/run.h"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace muster::simulation {

std::string to_line(const RunResult& result) {
  std::string line = fmt::format("{} {}", result.seed, result.hash);
  for (const ResultField& each : result_fields) line += fmt::format(" {}", result.*each.field);
  for (const std::uint64_t count : result.faults) line += fmt::format(" {}", count);
  for (const std::uint64_t count : result.marks) line += fmt::format(" {}", count);
  line += fmt::format(" {} {}", result.invariant.empty() ? "-" : result.invariant, result.detail);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

RunResult from_line(const std::string& line) {
  RunResult result;
  std::istringstream words(line);
  words >> result.seed >> result.hash;
  for (const ResultField& each : result_fields) words >> result.*each.field;
  for (std::uint64_t& count : result.faults) words >> count;
  for (std::uint64_t& count : result.marks) words >> count;
  words >> result.invariant;
  if (!words) throw std::runtime_error("a worker said what cannot be read: " + line);
  std::getline(words >> std::ws, result.detail);
  if (result.invariant == "-") result.invariant.clear();
  return result;
}

}  // namespace muster::simulation
