#include "client/bench/report.h"

#include <fmt/format.h>

#include <iterator>

namespace muster::bench {
namespace {

double in_ms(double ns) { return ns / millisecond; }
double in_ms(Time ns) { return in_ms(static_cast<double>(ns)); }

std::string_view name_of(Workload workload) {
  for (const WorkloadName& one : workloads)
    if (one.workload == workload) return one.name;
  return "?";
}

struct Percentile {
  const char* name;
  double share;
};
constexpr Percentile percentiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

std::string latency_text(const char* of, const Histogram& latency) {
  std::string line = fmt::format("{:<12}", of);
  for (const Percentile& one : percentiles)
    line += fmt::format("{} {:.3f}  ", one.name, in_ms(latency.percentile(one.share)));
  return line + fmt::format("max {:.3f}  mean {:.3f} ms\n", in_ms(latency.max()), in_ms(latency.mean()));
}

std::string latency_json(const Histogram& latency) {
  std::string object = fmt::format("{{\"count\": {}", latency.count());
  for (const Percentile& one : percentiles)
    object += fmt::format(", \"{}\": {:.6f}", one.name, in_ms(latency.percentile(one.share)));
  return object +
         fmt::format(", \"max\": {:.6f}, \"mean\": {:.6f}}}", in_ms(latency.max()), in_ms(latency.mean()));
}

Histogram all_of(const Results& results) {
  Histogram all = results.reads;
  all.add(results.writes);
  return all;
}

std::string heading(const Report& report) {
  const Options& options = report.options;
  std::string line = fmt::format("{}: {} connections", name_of(options.workload), options.connections);
  if (options.workload != Workload::watch && options.workload != Workload::sessions)
    line += fmt::format(" × {} in flight", options.in_flight);
  if (options.rate > 0) line += fmt::format(", {:.0f} requests due a second", options.rate);
  return line + fmt::format(", {} bytes, {} servers, {:.1f} s after {:.1f} s of warm-up\n", options.size,
                            report.servers, report.results.window.seconds(), options.warm_up);
}

std::string errors_text(const Results& results) {
  std::string line = "errors      ";
  for (const auto& [error, count] : results.errors) line += fmt::format("{} × {}  ", count, describe(error));
  if (results.unanswered > 0) line += fmt::format("{} × not answered in time  ", results.unanswered);
  return results.errors.empty() && results.unanswered == 0 ? line + "none\n" : line + "\n";
}

std::string errors_json(const Results& results) {
  std::string object;
  const auto add = [&](std::string_view name, std::uint64_t count) {
    object += fmt::format("{}\"{}\": {}", object.empty() ? "" : ", ", name, count);
  };
  for (const auto& [error, count] : results.errors) add(describe(error), count);
  if (results.unanswered > 0) add("not answered in time", results.unanswered);
  return "{" + object + "}";
}

double throughput(const Results& results) {
  return static_cast<double>(results.completions.count()) / results.window.seconds();
}

}  // namespace

std::string text(const Report& report) {
  const Results& results = report.results;
  std::string out = heading(report);
  out += fmt::format("{:<12}{:.0f}/s  lowest second {:.0f}  longest gap {:.1f} ms\n", "throughput",
                     throughput(results), results.completions.lowest_second(),
                     in_ms(results.completions.longest_gap()));
  if (results.reads.count() > 0 && results.writes.count() > 0) {
    out += latency_text("reads", results.reads) + latency_text("writes", results.writes);
  } else {
    out += latency_text("latency", all_of(results));
  }
  return out + errors_text(results) + fmt::format("own CPU     {:.0f} % of a core\n", 100 * report.own_cpu);
}

std::string json(const Report& report) {
  const Options& options = report.options;
  const Results& results = report.results;
  std::string out = "{";
  auto to = std::back_inserter(out);
  fmt::format_to(
      to, "\"workload\": \"{}\", \"servers\": {}, \"connections\": {}, \"in_flight\": {}, \"size\": {}, ",
      name_of(options.workload), report.servers, options.connections, options.in_flight, options.size);
  fmt::format_to(to, "\"keys\": {}, \"rate\": {:.3f}, \"warm_up\": {:.3f}, \"seconds\": {:.3f}, ",
                 options.keys, options.rate, options.warm_up, results.window.seconds());
  fmt::format_to(
      to,
      "\"completed\": {}, \"throughput\": {:.1f}, \"lowest_second\": {:.1f}, \"longest_gap_ms\": {:.3f}, ",
      results.completions.count(), throughput(results), results.completions.lowest_second(),
      in_ms(results.completions.longest_gap()));
  fmt::format_to(to, "\"latency_ms\": {}, \"reads_ms\": {}, \"writes_ms\": {}, ",
                 latency_json(all_of(results)), latency_json(results.reads), latency_json(results.writes));
  fmt::format_to(to, "\"errors\": {}, \"own_cpu\": {:.3f}}}\n", errors_json(results), report.own_cpu);
  return out;
}

}  // namespace muster::bench
