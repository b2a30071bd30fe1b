#include "client/bench/measure.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

#include "client/bench/churn.h"
#include "client/bench/fan_out.h"
#include "client/bench/servers.h"
#include "client/bench/sources.h"
#include "client/bench/znodes.h"
#include "client/src/connect_string.h"

namespace muster::bench {
namespace {

void check(const Options& options) {
  const bool alone = options.workload == Workload::watch;
  if (options.rate > 0 && (alone || options.workload == Workload::sessions))
    throw std::runtime_error("watch and sessions have no --rate: leave it out");
  if (alone && options.threads > 1) throw std::runtime_error("watch runs in one thread: leave --threads out");
  if (options.threads > options.connections)
    throw std::runtime_error("there must be at least as many --connections as --threads");
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Ctrl-C, once; the second one ends the program.
std::atomic<bool> interrupted = false;

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

class Measurement {
 public:
  explicit Measurement(const Options& options, const client::ConnectString& where);

  Report run();

 private:
  // Calls act(i) for each loop in a thread of its own; throws what the first of them threw.
  template <class Act>
  void in_threads(Act act) {
    std::vector<std::future<void>> all;
    for (std::size_t i = 0; i < loops_.size(); ++i) all.push_back(std::async(std::launch::async, act, i));
    for (auto& one : all) one.wait();
    for (auto& one : all) one.get();
  }
  Results work(std::size_t loop, Window window, Time start);
  Results within(Window window, Time start, double& own_cpu);
  Report measured();
  template <class Act>
  void with_one_connection(Act act);

  Options options_;
  Znodes znodes_;
  std::vector<sockaddr_storage> servers_;
  std::vector<std::unique_ptr<Loop>> loops_;
};

std::string unique_name() { return "muster-bench-" + std::to_string(std::random_device{}()); }

Measurement::Measurement(const Options& options, const client::ConnectString& where)
    : options_(options), znodes_(where.chroot, unique_name(), options), servers_(addresses_of(where)) {
  const std::size_t writers = options.workload == Workload::watch ? 1 : 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < options.threads; ++i) {
    const std::size_t share = (options.connections + i) / options.threads + writers;
    loops_.push_back(std::make_unique<Loop>(servers_, share, first));
    first += share;
  }
}

Results Measurement::work(std::size_t loop, Window window, Time start) {
  if (options_.workload == Workload::watch) {
    FanOut fan_out(znodes_, options_.size, window);
    loops_[loop]->run(fan_out);
    return fan_out.results();
  }
  if (options_.workload == Workload::sessions) {
    Churn churn(window);
    loops_[loop]->run(churn);
    return churn.results();
  }
  Schedule schedule{window, options_.in_flight, std::nullopt};
  const auto threads = static_cast<double>(options_.threads);
  if (options_.rate > 0) {
    const auto shift = static_cast<Time>(static_cast<double>(loop) * second / options_.rate);
    schedule.pace.emplace(start + shift, options_.rate / threads);
  }
  const auto source = make_source(options_, znodes_, loop);
  Steady steady(*source, schedule);
  loops_[loop]->run(steady);
  return steady.results();
}

Results Measurement::within(Window window, Time start, double& own_cpu) {
  std::vector<Results> all(loops_.size(), Results(window));
  auto measured = std::async(std::launch::async,
                             [&] { in_threads([&](std::size_t i) { all[i] = work(i, window, start); }); });
  const auto until = [&](Time at) {
    (void)measured.wait_until(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(at)));
  };
  until(window.from);
  const double before = cpu_seconds();
  until(window.to);
  own_cpu = (cpu_seconds() - before) / window.seconds();
  measured.get();
  for (std::size_t i = 1; i < all.size(); ++i) all.front().add(all[i]);
  return std::move(all.front());
}

template <class Act>
void Measurement::with_one_connection(Act act) {
  Loop loop(servers_, 1);
  loop.open_all();
  act(loop);
  loop.close_all();
}

Report Measurement::measured() {
  with_one_connection([this](Loop& loop) { znodes_.make(loop); });
  in_threads([this](std::size_t i) { loops_[i]->open_all(); });
  const Time start = Loop::now() + 10 * millisecond;
  const Time from = start + static_cast<Time>(options_.warm_up * second);
  const Window window{from, from + static_cast<Time>(options_.seconds * second)};
  double own_cpu = 0;
  Results results = within(window, start, own_cpu);
  in_threads([this](std::size_t i) { loops_[i]->close_all(); });
  return {options_, std::move(results), servers_.size(), own_cpu};
}

Report Measurement::run() {
  catch_interrupts();
  for (auto& loop : loops_) loop->stop_when(interrupted);
  const auto remove = [this] { with_one_connection([this](Loop& loop) { znodes_.remove(loop); }); };
  try {
    Report report = measured();
    if (!options_.keep) remove();
    return report;
  } catch (const Interrupted&) {
    for (auto& loop : loops_) loop.reset();
    remove();
    throw;
  }
}

}  // namespace

Report measure(const Options& options) {
  check(options);
  const auto where = client::parse_connect_string(options.servers);
  if (!where) throw std::runtime_error(where.error().message);
  return Measurement(options, *where).run();
}

}  // namespace muster::bench
