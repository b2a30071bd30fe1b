// dump, wchc and wchp: lists of sessions, connections and watches.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include "server/frontend/word_lines.h"

namespace muster::frontend {
namespace {

std::string hex(SessionId session) { return fmt::format("{:#x}", static_cast<std::uint64_t>(session.value)); }

// As Java prints a date, in UTC: "Tue Nov 24 13:49:44 UTC 2026".
std::string date(std::int64_t wall_ms) {
  using namespace std::chrono;
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_time<milliseconds> when{milliseconds(wall_ms)};
  const auto day = floor<std::chrono::days>(when);
  const year_month_day civil(day);
  const hh_mm_ss time(floor<seconds>(when) - day);
  return fmt::format("{} {} {:02} {:02}:{:02}:{:02} UTC {}", days[weekday(day).c_encoding()],
                     months[static_cast<unsigned>(civil.month()) - 1], static_cast<unsigned>(civil.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     static_cast<int>(civil.year()));
}

// Lines that belong to moments, those of one second together: how many seconds and lines there are, then each second and its lines.
class Sets {
 public:
  void add(std::int64_t wall_ms, const std::string& line) {
    sets_[wall_ms - wall_ms % 1000].push_back(line);
    ++lines_;
  }
  [[nodiscard]] std::string text() const {
    std::string out = fmt::format("({})/({}):\n", sets_.size(), lines_);
    for (const auto& [wall_ms, lines] : sets_) {
      out += fmt::format("{} expire at {}:\n", lines.size(), date(wall_ms));
      for (const std::string& line : lines) out += line;
    }
    return out;
  }

 private:
  std::map<std::int64_t, std::vector<std::string>> sets_;
  std::size_t lines_ = 0;
};

// Who counts the sessions' time knows when each ends; the others know that they are.
std::string sessions(const ServerView& server) {
  if (server.mode == "leader" || server.mode == "standalone") {
    Sets sets;
    for (const SessionLine& line : server.sessions_by_expiry)
      sets.add(line.expires_ms, fmt::format("\t{}\n", hex(line.session)));
    return "Session Sets " + sets.text();
  }
  std::string out = fmt::format("Global Sessions({}):\n", server.sessions_by_id.size());
  for (const SessionLine& line : server.sessions_by_id)
    out += fmt::format("{}\t{}ms\n", hex(line.session), line.timeout_ms);
  return out;
}

}  // namespace

std::string dump(const ServerView& server) {
  std::string out = "SessionTracker dump:\n" + sessions(server) + "ephemeral nodes dump:\n";
  out += fmt::format("Sessions with Ephemerals ({}):\n", server.ephemerals_by_session.size());
  for (const auto& [session, paths] : server.ephemerals_by_session) {
    out += hex(session) + ":\n";
    for (const std::string& path : paths) out += "\t" + path + "\n";
  }
  Sets connections;
  for (const ClientLine& client : server.clients)
    connections.add(client.expires_ms,
                    fmt::format("\tip: /{} sessionId: {}\n", client.address, hex(client.session)));
  return out + "Connections dump:\nConnections Sets " + connections.text();
}

std::string wchc(const ServerView& server) {
  std::map<SessionId, std::string> paths;
  for (const WatchLine& watch : server.watches_by_path) paths[watch.session] += "\t" + watch.path + "\n";
  std::string out;
  for (const auto& [session, lines] : paths) out += hex(session) + "\n" + lines;
  return out + "\n";
}

std::string wchp(const ServerView& server) {
  std::string out;
  const std::string* path = nullptr;
  for (const WatchLine& watch : server.watches_by_path) {
    if (path == nullptr || *path != watch.path) out += watch.path + "\n";
    out += fmt::format("\t{}\n", hex(watch.session));
    path = &watch.path;
  }
  return out + "\n";
}

}  // namespace muster::frontend
