#include "tests/simulation/last_events.h"

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <regex>
#include <set>

#include "tests/simulation/world.h"

namespace muster::simulation {
namespace {

constexpr std::size_t lines_told = 200, lines_kept = 50'000;

// Line by line, so that nothing is missing when it aborts.
[[noreturn]] void trace_to(int pipe, const Options& options, std::uint64_t seed) {
  ::dup2(pipe, STDOUT_FILENO);
  (void)std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(3);
  active_mutant = options.mutant;
  RunOptions run = options.run;
  run.seed = seed;
  run.trace = true;
  (void)run_seed(run);
  std::fflush(stdout);
  _exit(0);
}

std::deque<std::string> end_of(int pipe) {
  std::deque<std::string> lines;
  std::FILE* stream = ::fdopen(pipe, "r");
  char* line = nullptr;
  std::size_t room = 0;
  for (ssize_t n; (n = ::getline(&line, &room, stream)) > 0;) {
    lines.emplace_back(line, static_cast<std::size_t>(n) - 1);
    if (lines.size() > lines_kept) lines.pop_front();
  }
  std::free(line);
  std::fclose(stream);
  return lines;
}

std::set<std::string> servers_in(const std::string& detail) {
  static const std::regex named("(?:leader|servers?) ([0-9]+)(?: and ([0-9]+))?");
  std::set<std::string> servers;
  for (std::sregex_iterator at(detail.begin(), detail.end(), named), end; at != end; ++at) {
    servers.insert((*at)[1]);
    if ((*at)[2].matched) servers.insert((*at)[2]);
  }
  return servers;
}

// A line's subject: "t #event 3 -> 1: …", "… server 3: …", "… 3 writes …", or a fact and its first number. Clients' facts name the
// client first, and the server that it talks to.
std::set<std::string> subjects_of(const std::string& line) {
  static const std::regex message("#[0-9]+ +([0-9]+) -> ([0-9]+)"), own("#[0-9]+ +(?:server )?([0-9]+)[ :]"),
      client("#[0-9]+ +(?:ask|client [a-z]+) [0-9]+ ([0-9]+)"), fact("#[0-9]+ +[a-z ]+ ([0-9]+)");
  std::smatch found;
  if (std::regex_search(line, found, message)) return {found[1], found[2]};
  for (const std::regex* kind : {&own, &client, &fact})
    if (std::regex_search(line, found, *kind)) return {found[1]};
  return {};
}

}  // namespace

std::vector<std::string> last_events(const Options& options, const RunResult& result) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) return {};
  if (process == 0) {
    ::close(ends[0]);
    trace_to(ends[1], options, result.seed);
  }
  ::close(ends[1]);
  const std::deque<std::string> lines = end_of(ends[0]);
  ::waitpid(process, nullptr, 0);
  const std::set<std::string> servers = servers_in(result.detail);
  std::deque<std::string> told;
  for (auto line = lines.rbegin(); line != lines.rend() && told.size() < lines_told; ++line) {
    const std::set<std::string> subjects = subjects_of(*line);
    const bool involved = servers.empty() || std::any_of(subjects.begin(), subjects.end(),
                                                         [&](const auto& s) { return servers.contains(s); });
    if (involved) told.push_front(*line);
  }
  return {told.begin(), told.end()};
}

}  // namespace muster::simulation
