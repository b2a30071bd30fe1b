#include "client/bench/command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "client/bench/measure.h"

namespace muster::bench {
namespace {

Workload workload_of(const std::string& name) {
  for (const WorkloadName& one : workloads)
    if (one.name == name) return one.workload;
  throw std::runtime_error("'" + name + "' is no workload; see 'muster bench --help'");
}

void run(const Options& options) {
  std::ofstream file;
  if (!options.json.empty()) file.open(options.json);
  const Report report = measure(options);
  std::fputs(text(report).c_str(), stdout);
  if (options.json.empty()) return;
  file << json(report) << std::flush;
  if (!file) throw std::runtime_error("cannot write " + options.json);
}

std::string footer() {
  std::string out = "Workloads:\n";
  for (const WorkloadName& one : workloads)
    out +=
        "  " + std::string(one.name) + std::string(12 - one.name.size(), ' ') + std::string(one.what) + "\n";
  return out + "It works below a znode of its own, /muster-bench-NUMBER, which it removes at the end.";
}

void add_options(CLI::App& command, Options& options) {
  const auto number = [&](const char* name, auto& value, const char* what, double low, double high) {
    command.add_option(name, value, what)
        ->capture_default_str()
        ->check(CLI::Range(low, high).description(""));
  };
  number("--connections", options.connections, "Sessions, spread over the servers (watch: the watchers)", 1,
         50'000);
  number("--in-flight", options.in_flight, "Requests of each connection that wait for an answer at a time", 1,
         100'000);
  number("--size", options.size, "Bytes of data of each znode", 0, 1'000'000);
  number("--keys", options.keys, "Znodes that set, get, exists, mixed and multi choose from", 1, 10'000'000);
  number("--seconds", options.seconds, "How long to measure", 0.01, 86'400);
  number("--warm-up", options.warm_up, "Seconds of the same before that, which do not count", 0, 3'600);
  number("--rate", options.rate,
         "Requests a second, whatever the answers do; latency counts from when each should have left (0: as "
         "fast as answers come)",
         0, 1e8);
  number("--reads", options.reads, "Per cent of reads of mixed", 0, 100);
  number("--threads", options.threads, "Threads of this program", 1, 64);
  command.add_flag("--keep", options.keep, "Leave the znodes behind");
  command.add_option("--json", options.json, "Write the figures to this file too");
}

}  // namespace

void add_command(CLI::App& app, const std::string& servers) {
  CLI::App* command = app.add_subcommand("bench", "Measure throughput and latency of these servers");
  const auto options = std::make_shared<Options>();
  const auto workload = std::make_shared<std::string>();
  command->add_option("WORKLOAD", *workload, "See below")->required();
  add_options(*command, *options);
  command->fallthrough()->footer(footer());
  command->callback([options, workload, &servers] {
    options->workload = workload_of(*workload);
    options->servers = servers;
    run(*options);
  });
}

}  // namespace muster::bench
