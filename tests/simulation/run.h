// What one seed is asked for, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/fault.h"
#include "tests/simulation/marks.h"
#include "tests/simulation/profile.h"

namespace muster::simulation {

struct RunOptions {
  std::uint64_t seed = 1;
  std::int64_t seconds = 300;  // simulated, of faults
  std::optional<int> servers, clients;
  ProfileKind profile = ProfileKind::full;
  std::vector<Fault> without;  // classes that are switched off
  bool trace = false;
  bool skip_codec = false;
  std::uint64_t stop_at = 0;  // event; 0: run to the end
};

struct RunResult {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0, events = 0;
  std::uint64_t simulated_us = 0, healing_us = 0;
  std::uint64_t committed = 0, elections = 0, crashes = 0, wipes = 0, partitions = 0, moves = 0, acks = 0,
                reads = 0, watch_events = 0, retold = 0, checkpoints = 0, loads = 0, installs = 0, grants = 0;
  std::uint64_t runs = 1;  // 2: it was run again, and agreed
  FaultCounts faults;
  MarkCounts marks{};
  std::string invariant, detail;  // empty: all held
};

// The numbers of a result, by name.
struct ResultField {
  std::string_view name;
  std::uint64_t RunResult::*field;
};
inline constexpr ResultField result_fields[] = {
    {"events", &RunResult::events},         {"simulated_us", &RunResult::simulated_us},
    {"healing_us", &RunResult::healing_us}, {"committed", &RunResult::committed},
    {"elections", &RunResult::elections},   {"crashes", &RunResult::crashes},
    {"wipes", &RunResult::wipes},           {"partitions", &RunResult::partitions},
    {"moves", &RunResult::moves},           {"acks", &RunResult::acks},
    {"reads", &RunResult::reads},           {"watch_events", &RunResult::watch_events},
    {"retold", &RunResult::retold},         {"checkpoints", &RunResult::checkpoints},
    {"loads", &RunResult::loads},           {"installs", &RunResult::installs},
    {"grants", &RunResult::grants},         {"runs", &RunResult::runs},
};

// One line, for a pipe. The seed and the hash, the fields, the faults, the marks, then what broke.
[[nodiscard]] std::string to_line(const RunResult& result);
[[nodiscard]] RunResult from_line(const std::string& line);

}  // namespace muster::simulation
