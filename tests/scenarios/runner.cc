// Replays scenario scripts: after each command, told by "> ", stands what it is expected to say. A difference
// fails; --rewrite puts what is said now in its place, to be committed only when the difference is
// understood.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "common/mutant.h"
#include "server/broadcast/describe.h"
#include "tests/scenarios/cluster.h"

namespace muster::scenarios {
namespace {

constexpr const char* usage = R"(usage: scenarios [--rewrite | --mutant NAME] FILE|DIRECTORY...

Replays scripts of the broadcast core and compares what the servers do with what stands in the script.
  --rewrite        write what they do now into the scripts
  --mutant NAME    with a deliberate bug (muster-sim --list-mutants), which a script should show if it is one of the core's

A script: "# text" is the story; "> command" is a command, and the lines below it are what it is expected to say. Commands:
  peers N [observers M]    N voters with ids 1..N, then M observers       set KEY VALUE   a limit (bytes) or "found"
  seed N                   other random waits                            trace on|off    also tell messages and writes
  clock MS                 the monotonic clock at the beginning
  start [ID...]            all, or these                                 crash ID...     what is not on disk is lost
  wipe ID                  its disk, while it is down                    pause ID / resume ID
  tick MS [ID...]          time passes, for these servers only           settle          deliver, write, read; no time passes
  until-leader [ID]        time passes until one (this one, the others' clocks standing still) leads and is established
  until-equal              time passes until all that are up have delivered the leader's log
  propose ID TEXT...       each word is a command; ID may be "leader"    barrier ID      transfer ID
  cut A B / connect A B    the link breaks / a new one                   isolate ID      cut from all
  swallow A->B             messages that way vanish, the link looks alive
  hold A->B / release A->B / drop A->B    messages that way wait / flow again / those that wait vanish
  deliver A->B [N]         the oldest message that waits that way (or the N oldest)
  repeat A->B              messages that way arrive twice
  heal                     ends cuts, swallows, holds and repeats; a link that lost something is a new one
  hold-disk ID / release-disk ID          writes and reads wait
  disk ID well|stalled|full               what it is told of its disk
  checkpoint ID...         the state becomes durable, and the log below the one before may go
  hold-state A->B / release-state A->B / refuse-state A->B    a state that A sends to B waits / goes on / is not taken
  lose-state ID / damage-log ID           its state on disk, while it is down / its log, which is set aside
  status                   every server in a line                        log ID          its log on disk
)";

broadcast::Disk disk_named(const std::string& word) {
  using broadcast::Disk;
  for (const Disk disk : {Disk::full, Disk::stalled, Disk::well})
    if (word == broadcast::name_of(disk)) return disk;
  throw std::invalid_argument("a disk is well, stalled or full, not " + word);
}

class Script {
 public:
  // Returns what the command says.
  std::string run(const std::string& line);
  [[nodiscard]] bool violated() const { return cluster_.violated(); }

 private:
  bool command(const std::string& verb, const std::vector<std::string>& words);
  bool lives(const std::string& verb, const std::vector<std::string>& words);
  bool network(const std::string& verb, const std::vector<std::string>& words);
  [[nodiscard]] int id(const std::string& word) const;

  Cluster cluster_;
};

int Script::id(const std::string& word) const {
  const int id = word == "leader" ? cluster_.leader() : std::stoi(word);
  const auto ids = cluster_.ids();
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) throw std::invalid_argument("no server " + word);
  return id;
}

std::string Script::run(const std::string& line) {
  std::istringstream stream(line);
  std::string verb, word;
  std::vector<std::string> words;
  stream >> verb;
  while (stream >> word) words.push_back(word);
  try {
    if (!command(verb, words) && !lives(verb, words) && !network(verb, words)) return "unknown command\n";
  } catch (const std::exception& error) {
    return std::string("cannot: ") + error.what() + "\n";
  }
  return cluster_.take_text();
}

bool Script::command(const std::string& verb, const std::vector<std::string>& words) {
  if (verb == "peers") {
    cluster_.add_servers(std::stoi(words.at(0)), words.size() > 2 ? std::stoi(words.at(2)) : 0);
  } else if (verb == "seed") {
    cluster_.seed(std::stoull(words.at(0)));
  } else if (verb == "clock") {
    cluster_.clock(std::stoll(words.at(0)));
  } else if (verb == "set") {
    return cluster_.configure(words.at(0), std::stoll(words.at(1)));
  } else if (verb == "trace") {
    cluster_.trace(words.at(0) == "on");
  } else if (verb == "status") {
    cluster_.status();
  } else if (verb == "log") {
    cluster_.log(id(words.at(0)));
  } else if (verb == "propose") {
    const int to = id(words.at(0));
    if (!cluster_.up(to)) throw std::invalid_argument("it is down");
    for (std::size_t i = 1; i < words.size(); ++i) cluster_.propose(to, words[i]);
    cluster_.settle();
  } else if (verb == "barrier" || verb == "transfer") {
    const int to = id(words.at(0));
    if (!cluster_.up(to)) throw std::invalid_argument("it is down");
    if (verb == "barrier") cluster_.barrier(to);
    if (verb == "transfer") cluster_.transfer(to);
    cluster_.settle();
  } else {
    return false;
  }
  return true;
}

bool Script::lives(const std::string& verb, const std::vector<std::string>& words) {
  if (verb == "start") {
    std::vector<int> ids = cluster_.ids();
    if (!words.empty()) ids.clear();
    for (const auto& word : words) ids.push_back(id(word));
    for (const int server : ids) cluster_.start(server);
    cluster_.settle();
  } else if (verb == "crash") {
    std::vector<int> ids;  // named before the first crash: "leader" may change by it
    for (const auto& word : words) ids.push_back(id(word));
    for (const int server : ids) cluster_.crash(server);
    cluster_.settle();
  } else if (verb == "wipe") {
    if (cluster_.up(id(words.at(0)))) throw std::invalid_argument("it is up");
    cluster_.wipe(id(words.at(0)));
  } else if (verb == "lose-state" || verb == "damage-log") {
    if (cluster_.up(id(words.at(0)))) throw std::invalid_argument("it is up");
    verb == "lose-state" ? cluster_.lose_state(id(words.at(0))) : cluster_.damage_log(id(words.at(0)));
  } else if (verb == "checkpoint") {
    for (const auto& word : words) {
      if (!cluster_.up(id(word))) throw std::invalid_argument("it is down");
      if (!cluster_.checkpoint(id(word)))
        throw std::invalid_argument("its log on disk does not reach that far");
    }
    cluster_.settle();
  } else if (verb == "pause") {
    cluster_.pause(id(words.at(0)));
  } else if (verb == "resume") {
    cluster_.resume(id(words.at(0)));
    cluster_.settle();
  } else if (verb == "tick") {
    std::set<int> only;
    for (std::size_t i = 1; i < words.size(); ++i) only.insert(id(words[i]));
    cluster_.tick(std::stoll(words.at(0)), only);
  } else if (verb == "settle") {
    cluster_.settle();
  } else if (verb == "until-leader") {
    std::set<int> only;
    if (!words.empty()) only.insert(id(words[0]));
    if (!cluster_.until_leader(5000, only)) throw std::runtime_error("no leader within 5 s");
  } else if (verb == "until-equal") {
    if (!cluster_.until_all_deliver(5000)) throw std::runtime_error("not equal within 5 s");
  } else {
    return false;
  }
  return true;
}

bool Script::network(const std::string& verb, const std::vector<std::string>& words) {
  const auto way = [&] {
    const std::size_t arrow = words.at(0).find("->");
    if (arrow == std::string::npos) throw std::invalid_argument("a way is written A->B");
    return std::pair(id(words[0].substr(0, arrow)), id(words[0].substr(arrow + 2)));
  };
  if (verb == "cut") {
    cluster_.cut(id(words.at(0)), id(words.at(1)));
  } else if (verb == "connect") {
    cluster_.connect(id(words.at(0)), id(words.at(1)));
  } else if (verb == "isolate") {
    const int lonely = id(words.at(0));
    for (const int other : cluster_.ids()) {
      if (other != lonely) cluster_.cut(lonely, other);
    }
  } else if (verb == "heal") {
    cluster_.heal();
  } else if (verb == "swallow") {
    cluster_.swallow(way().first, way().second);
  } else if (verb == "hold") {
    cluster_.hold(way().first, way().second);
  } else if (verb == "release") {
    cluster_.release(way().first, way().second);
  } else if (verb == "deliver") {
    cluster_.deliver(way().first, way().second, words.size() > 1 ? std::stoi(words[1]) : 1);
  } else if (verb == "repeat") {
    cluster_.repeat(way().first, way().second);
  } else if (verb == "drop") {
    cluster_.drop(way().first, way().second);
  } else if (verb == "hold-state") {
    cluster_.hold_state(way().first, way().second, true);
  } else if (verb == "release-state") {
    cluster_.hold_state(way().first, way().second, false);
  } else if (verb == "refuse-state") {
    cluster_.refuse_state(way().first, way().second);
  } else if (verb == "hold-disk") {
    cluster_.hold_disk(id(words.at(0)));
  } else if (verb == "release-disk") {
    cluster_.release_disk(id(words.at(0)));
  } else if (verb == "disk") {
    cluster_.set_disk(id(words.at(0)), disk_named(words.at(1)));
  } else {
    return false;
  }
  cluster_.settle();
  return true;
}

// The script with what is said now.
std::string replay(const std::string& script, bool& violated) {
  std::istringstream lines(script);
  std::string line, out;
  Script runner;
  bool below_command = false;
  while (std::getline(lines, line)) {
    const bool command = line.rfind("> ", 0) == 0;
    if (line.empty() || line[0] == '#') below_command = false;
    if (!command && below_command) continue;  // the old transcript
    out += line + "\n";
    if (!command) continue;
    out += runner.run(line.substr(2));
    below_command = true;
  }
  violated = runner.violated();
  return out;
}

void show_first_difference(const std::string& path, const std::string& expected, const std::string& actual) {
  std::istringstream a(expected), b(actual);
  std::string left, right, command;
  for (int number = 1;; ++number) {
    const bool more_left = static_cast<bool>(std::getline(a, left));
    const bool more_right = static_cast<bool>(std::getline(b, right));
    if (!more_left && !more_right) return;
    if (more_left && more_right && left == right) {
      if (left.rfind("> ", 0) == 0) command = left;
      continue;
    }
    fmt::print("{}:{}: after \"{}\"\n  expected: {}\n  actual:   {}\n", path, number, command,
               more_left ? left : "(end)", more_right ? right : "(end)");
    return;
  }
}

bool check(const std::filesystem::path& path, bool rewrite) {
  std::ifstream file(path);
  std::stringstream script;
  script << file.rdbuf();
  bool violated = false;
  const std::string actual = replay(script.str(), violated);
  if (violated) fmt::print("{}: a violation\n", path.string());
  if (rewrite) {
    if (actual != script.str()) std::ofstream(path) << actual;
    return !violated;
  }
  if (actual != script.str()) show_first_difference(path.string(), script.str(), actual);
  return !violated && actual == script.str();
}

}  // namespace
}  // namespace muster::scenarios

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> scripts;
  bool rewrite = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help") {
      fmt::print("{}", muster::scenarios::usage);
      return 0;
    }
    if (word == "--rewrite") {
      rewrite = true;
    } else if (word == "--mutant" && i + 1 < argc) {
      muster::active_mutant = muster::mutant_named(argv[++i]);
      if (muster::active_mutant == muster::Mutant::none) {
        fmt::print("no mutant is named {}\n", argv[i]);
        return 2;
      }
    } else if (std::filesystem::is_directory(word)) {
      for (const auto& entry : std::filesystem::directory_iterator(word)) {
        if (entry.path().extension() == ".txt") scripts.push_back(entry.path());
      }
    } else {
      scripts.emplace_back(word);
    }
  }
  if (scripts.empty()) {
    fmt::print("{}", muster::scenarios::usage);
    return 2;
  }
  std::sort(scripts.begin(), scripts.end());
  int failed = 0;
  for (const auto& path : scripts) {
    if (!muster::scenarios::check(path, rewrite)) ++failed;
  }
  fmt::print("{} of {} scenarios passed\n", scripts.size() - static_cast<std::size_t>(failed),
             scripts.size());
  return failed == 0 ? 0 : 1;
}
