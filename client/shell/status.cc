#include "client/shell/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <string_view>
#include <vector>

#include "client/shell/commands.h"
#include "client/src/connect_string.h"
#include "client/src/four_letter_word.h"

namespace muster::shell {
namespace {

constexpr std::chrono::milliseconds patience{2'000};

struct Report {
  bool reachable = false;
  std::string role, details;
};

// The rest of the line of `text` that begins with `key`; "?" if there is none.
std::string value_of(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    if (line.substr(0, key.size()) == key) return std::string(line.substr(key.size()));
    at += line.size() + 1;
  }
  return "?";
}

Report ask(const client::Host& host) {
  const auto answer = client::ask_word(host, "srvr", patience);
  if (!answer) return {false, "unreachable", answer.error().message};
  if (answer->find("not currently serving") != std::string::npos) return {true, "looking", "not serving"};
  const std::string role = value_of(*answer, "Mode: ");
  if (role == "?")
    return {!answer->empty(), "unknown",
            answer->empty() ? "no answer" : answer->substr(0, answer->find('\n'))};
  return {true, role,
          fmt::format("zxid {}  connections {}", value_of(*answer, "Zxid: "),
                      value_of(*answer, "Connections: "))};
}

}  // namespace

void status(const std::string& servers) {
  const auto parsed = client::parse_connect_string(servers);
  if (!parsed) throw Complaint(parsed.error().message);
  std::vector<std::future<Report>> answers;
  std::size_t width = 0;
  for (const client::Host& host : parsed->hosts) {
    answers.push_back(std::async(std::launch::async, ask, host));
    width = std::max(width, to_string(host).size());
  }
  bool any = false;
  bool led = false;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Report report = answers[i].get();
    fmt::print("{:<{}}  {:<11}  {}\n", to_string(parsed->hosts[i]), width, report.role, report.details);
    any |= report.reachable;
    led |= report.role == "leader" || report.role == "standalone";
  }
  if (!any) throw Complaint("no server answers; start them, or name others with -s");
  if (!led) throw Complaint("none of these servers leads; wait for an election, or start more of them");
}

}  // namespace muster::shell
