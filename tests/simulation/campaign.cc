#include "tests/simulation/campaign.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>

#include "tests/simulation/world.h"

namespace muster::simulation {
namespace {

// Of the processor's time, however busy the machine is; a seed that takes longer hangs.
constexpr time_t seed_limit_s = 120;

// A worker runs every jobs-th seed, and says before and after each what it does.
struct Worker {
  pid_t process = -1;
  int pipe = -1;
  std::uint64_t next = 0;     // offset of the seed that it starts with
  std::uint64_t running = 0;  // seed
  bool busy = false;
  std::string received;
};

void say(int pipe, const std::string& line) {
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::write(pipe, line.data() + done, line.size() - done);
    if (n <= 0) _exit(3);
    done += static_cast<std::size_t>(n);
  }
}

// From now on; SIGPROF ends the process then.
void limit_cpu(time_t seconds) {
  const itimerval limit{{0, 0}, {seconds, 0}};
  ::setitimer(ITIMER_PROF, &limit, nullptr);
}

bool runs_twice(const Options& options, std::uint64_t seed) {
  return options.twice || (options.campaign_minutes > 0 && seed % 50 == 0);
}

[[noreturn]] void work(const Options& options, std::uint64_t from, int pipe) {
  active_mutant = options.mutant;
  for (std::uint64_t i = from; i < options.seeds; i += static_cast<std::uint64_t>(options.jobs)) {
    RunOptions run = options.run;
    run.seed = options.run.seed + i;
    say(pipe, fmt::format("s {}\n", run.seed));
    limit_cpu(seed_limit_s);
    RunResult result = run_seed(run);
    if (runs_twice(options, run.seed) && result.invariant.empty()) {
      result.runs = 2;
      const RunResult again = run_seed(run);
      if (again.hash != result.hash) {
        result.invariant = "determinism";
        result.detail = fmt::format("hash {:x}, then {:x}", result.hash, again.hash);
      }
    }
    say(pipe, fmt::format("r {}\n", to_line(result)));
  }
  _exit(0);
}

void begin(Worker& worker, const Options& options) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe for a worker");
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) throw std::runtime_error("no process for a worker");
  if (process == 0) {
    ::close(ends[0]);
    work(options, worker.next, ends[1]);
  }
  ::close(ends[1]);
  worker.process = process;
  worker.pipe = ends[0];
  worker.busy = false;
  worker.received.clear();
}

double cpu_seconds_of_workers() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

RunResult death_of(const Worker& worker, int status) {
  RunResult result;
  result.seed = worker.running;
  result.invariant = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF ? "hang" : "abort";
  result.detail = WIFSIGNALED(status) ? fmt::format("the process died of signal {}", WTERMSIG(status))
                                      : fmt::format("the process ended with {}", WEXITSTATUS(status));
  return result;
}

class Overseer {
 public:
  Overseer(const Options& options, const std::function<bool(const RunResult&)>& on_failure)
      : options_(options), on_failure_(on_failure) {}

  Campaign run() {
    const auto begun = std::chrono::steady_clock::now();
    if (options_.campaign_minutes > 0) until_ = begun + std::chrono::minutes(options_.campaign_minutes);
    const double cpu_before = cpu_seconds_of_workers();
    const auto jobs = std::min<std::uint64_t>(static_cast<std::uint64_t>(options_.jobs), options_.seeds);
    for (std::uint64_t i = 0; i < jobs; ++i) {
      workers_.push_back({.next = i, .received = {}});
      begin(workers_.back(), options_);
    }
    while (!stopped_ && wait()) {
    }
    for (Worker& worker : workers_) end(worker);
    std::sort(campaign_.results.begin(), campaign_.results.end(),
              [](const RunResult& a, const RunResult& b) { return a.seed < b.seed; });
    campaign_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    campaign_.cpu_seconds = cpu_seconds_of_workers() - cpu_before;
    return std::move(campaign_);
  }

 private:
  // False: nobody works any more, or the time is over.
  bool wait() {
    int timeout_ms = -1;
    if (until_) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*until_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      timeout_ms = static_cast<int>(std::min<std::int64_t>(left.count(), 1000));
    }
    std::vector<pollfd> polled;
    for (const Worker& worker : workers_) polled.push_back({worker.pipe, POLLIN, 0});
    if (std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) { return worker.pipe < 0; }))
      return false;
    ::poll(polled.data(), polled.size(), timeout_ms);
    for (std::size_t i = 0; i < workers_.size() && !stopped_; ++i) {
      if (polled[i].revents != 0) hear(workers_[i]);
    }
    return true;
  }

  void hear(Worker& worker) {
    char buffer[4096];
    const ssize_t n = ::read(worker.pipe, buffer, sizeof buffer);
    if (n <= 0) return bury(worker);
    worker.received.append(buffer, static_cast<std::size_t>(n));
    for (std::size_t end; (end = worker.received.find('\n')) != std::string::npos;) {
      const std::string line = worker.received.substr(0, end);
      worker.received.erase(0, end + 1);
      if (line[0] == 's') {
        worker.busy = true;
        worker.running = std::stoull(line.substr(2));
      } else {
        worker.busy = false;
        take(from_line(line.substr(2)));
      }
    }
  }

  void bury(Worker& worker) {
    int status = 0;
    ::close(worker.pipe);
    ::waitpid(worker.process, &status, 0);
    worker.pipe = -1;
    if (!worker.busy) return;
    take(death_of(worker, status));
    worker.next = worker.running - options_.run.seed + static_cast<std::uint64_t>(options_.jobs);
    if (!stopped_ && worker.next < options_.seeds) begin(worker, options_);
  }

  static void end(Worker& worker) {
    if (worker.pipe < 0) return;
    ::kill(worker.process, SIGKILL);
    ::waitpid(worker.process, nullptr, 0);
    ::close(worker.pipe);
  }

  void take(RunResult result) {
    const bool failed = !result.invariant.empty();
    campaign_.results.push_back(std::move(result));
    if (failed && !on_failure_(campaign_.results.back())) stopped_ = true;
  }

  const Options& options_;
  const std::function<bool(const RunResult&)>& on_failure_;
  std::vector<Worker> workers_;
  Campaign campaign_;
  std::optional<std::chrono::steady_clock::time_point> until_;
  bool stopped_ = false;
};

}  // namespace

Campaign run_campaign(const Options& options, const std::function<bool(const RunResult&)>& on_failure) {
  return Overseer(options, on_failure).run();
}

}  // namespace muster::simulation
