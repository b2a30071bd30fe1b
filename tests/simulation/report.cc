#include "tests/simulation/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "tests/simulation/last_events.h"

namespace muster::simulation {
namespace {

std::vector<std::uint64_t> values_of(const Campaign& campaign, std::uint64_t RunResult::*field) {
  std::vector<std::uint64_t> values;
  for (const RunResult& result : campaign.results) values.push_back(result.*field);
  return values;
}

std::uint64_t median(const Campaign& campaign, std::uint64_t RunResult::*field) {
  std::vector<std::uint64_t> values = values_of(campaign, field);
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::uint64_t sum(const Campaign& campaign, std::uint64_t RunResult::*field) {
  std::uint64_t total = 0;
  for (const std::uint64_t value : values_of(campaign, field)) total += value;
  return total;
}

}  // namespace

std::string failure_line(const Options& options, const RunResult& result) {
  return fmt::format("{} seed={} profile={} invariant={} event={} t={:.6f} cmd=\"{}\" detail: {}",
                     options.fresh ? "FRESH FAILURE" : "FAIL", result.seed, name_of(options.run.profile),
                     result.invariant, result.events, static_cast<double>(result.simulated_us) / 1e6,
                     command_of(options, result.seed), result.detail);
}

void print_totals(const Campaign& campaign, std::size_t failures) {
  const auto seeds = static_cast<double>(campaign.results.size());
  const double simulated_s = static_cast<double>(sum(campaign, &RunResult::simulated_us)) / 1e6;
  const double cpu_hours = campaign.cpu_seconds / 3600;
  fmt::print("seeds={} failures={} twice={} seconds={:.1f} cpu_hours={:.4f} seeds_per_cpu_hour={:.0f} ",
             campaign.results.size(), failures, sum(campaign, &RunResult::runs) - campaign.results.size(),
             campaign.seconds, cpu_hours, cpu_hours > 0 ? seeds / cpu_hours : 0);
  fmt::print("simulated_hours={:.2f} speed={:.0f}x\n", simulated_s / 3600,
             simulated_s / campaign.cpu_seconds);
  std::string totals = "total:", medians = "median:";
  for (const ResultField& each : result_fields) {
    totals += fmt::format(" {}={}", each.name, sum(campaign, each.field));
    medians += fmt::format(" {}={}", each.name, median(campaign, each.field));
  }
  fmt::print("{}\n{}\nfaults:", totals, medians);
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    std::uint64_t times = 0;
    for (const RunResult& result : campaign.results) times += result.faults[fault];
    fmt::print(" {}={}", describe(fault).name, times);
  }
  fmt::print("\n");
}

bool print_marks(const Campaign& campaign) {
  bool all = true;
  for (std::size_t i = 0; i < mark_count; ++i) {
    std::uint64_t times = 0, seeds = 0;
    for (const RunResult& result : campaign.results) {
      times += result.marks[i];
      seeds += result.marks[i] > 0 ? 1U : 0U;
    }
    fmt::print("mark {:>10} times in {:>8} seeds: {}\n", times, seeds, mark_names[i]);
    all = all && times > 0;
  }
  return all;
}

void print_last_events(const Options& options, const RunResult& result) {
  if (result.invariant == "determinism") return;
  fmt::print("seed {}, the end of what happened:\n", result.seed);
  for (const std::string& line : last_events(options, result)) fmt::print("{}\n", line);
}

}  // namespace muster::simulation
