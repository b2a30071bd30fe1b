#include "server/frontend/four_letter_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace muster::frontend {
namespace {

// Clients take the digits-and-dots prefix for the ZooKeeper release whose protocol is spoken.
constexpr std::string_view version = "3.9.2-muster-0.1.0";

constexpr std::string_view telnet_close = "\xff\xf4\xff\xfd";

constexpr std::array known = {"ruok", "isro", "srvr", "stat", "mntr", "conf", "cons", "crst", "srst", "dump",
                              "envi", "wchs", "wchc", "wchp", "dirs", "gtmk", "stmk", "hash", "reqs"};

bool whitelisted(std::string_view word, std::string_view whitelist) {
  while (!whitelist.empty()) {
    const std::size_t end = std::min(whitelist.find(','), whitelist.size());
    std::string_view item = whitelist.substr(0, end);
    whitelist.remove_prefix(std::min(end + 1, whitelist.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item == "*" || item == word) return true;
  }
  return false;
}

std::string average(const Counters& counters) {
  if (counters.answered == 0) return "0.0";
  const double mean = static_cast<double>(counters.latency_total_ms) / static_cast<double>(counters.answered);
  std::string text = fmt::format("{:.4f}", mean);
  while (text.back() == '0' && text[text.size() - 2] != '.') text.pop_back();
  return text;
}

std::string client_lines(const ServerView& server, bool full) {
  std::string out;
  for (const ClientLine& client : server.clients) {
    out += fmt::format(" /{}[1](queued={},recved={},sent={}", client.address, client.in_flight,
                       client.received, client.sent);
    if (full && client.session != SessionId{})
      out += fmt::format(",sid={:#x},to={}", static_cast<std::uint64_t>(client.session.value),
                         client.timeout_ms);
    out += ")\n";
  }
  return out;
}

std::string srvr(const ServerView& server, bool with_clients) {
  std::string out = fmt::format("Zookeeper version: {}\n", version);
  if (with_clients) out += "Clients:\n" + client_lines(server, false) + "\n";
  out += fmt::format("Latency min/avg/max: {}/{}/{}\n", server.counters.latency_min_ms,
                     average(server.counters), server.counters.latency_max_ms);
  out +=
      fmt::format("Received: {}\nSent: {}\n", server.counters.packets_received, server.counters.packets_sent);
  out += fmt::format("Connections: {}\nOutstanding: {}\n", server.connections, server.outstanding);
  out += fmt::format("Zxid: {:#x}\nMode: {}\nNode count: {}\n", server.applied.value, server.mode,
                     server.znodes);
  return out;
}

std::string mntr(const ServerView& server) {
  std::string out;
  const auto line = [&out](std::string_view key, const auto& value) {
    out += fmt::format("zk_{}\t{}\n", key, value);
  };
  line("version", version);
  line("server_state", server.mode);
  if (server.mode == "leader")
    line("peer_state", "leading - broadcast");
  else if (server.mode == "follower")
    line("peer_state", "following - broadcast");
  else if (server.mode == "observer")
    line("peer_state", "observing - broadcast");
  line("avg_latency", average(server.counters));
  line("max_latency", server.counters.latency_max_ms);
  line("min_latency", server.counters.latency_min_ms);
  line("packets_received", server.counters.packets_received);
  line("packets_sent", server.counters.packets_sent);
  line("num_alive_connections", server.connections);
  line("outstanding_requests", server.outstanding);
  line("uptime", server.uptime_ms);
  line("znode_count", server.znodes);
  line("watch_count", server.watches);
  line("global_sessions", server.sessions);
  line("local_sessions", 0);
  if (server.mode != "standalone") line("quorum_size", server.voters);
  line("votes", server.votes ? 1 : 0);
  line("last_checkpoint_zxid", server.checkpoint.value);
  if (server.mode == "leader") line("learners", server.members - 1);
  return out;
}

std::string lines_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [key, value] : pairs) out += fmt::format("{}={}\n", key, value);
  return out;
}

std::string envi(const ServerView& server) {
  return fmt::format("Environment:\nzookeeper.version={}\n", version) + lines_of(server.environment);
}

std::string conf(const ServerView& server) {
  return fmt::format(
             "tickTime={}\nmaxClientCnxns={}\nminSessionTimeout={}\nmaxSessionTimeout={}\nserverId={}\n",
             server.tick_ms, server.max_connections_per_address, 2 * server.tick_ms, 20 * server.tick_ms,
             server.self.value) +
         lines_of(server.configuration);
}

std::string wchs(const ServerView& server) {
  return fmt::format("{} connections watching {} paths\nTotal watches:{}\n", server.watching_connections,
                     server.watched_paths, server.watches);
}

}  // namespace

bool is_four_letter_word(std::string_view word) {
  return word == telnet_close || std::find(known.begin(), known.end(), word) != known.end();
}

bool lists_clients(std::string_view word) { return word == "stat" || word == "cons"; }

std::string answer_word(std::string_view word, std::string_view whitelist, const ServerView& server) {
  const bool implemented = whitelisted(word, default_words);
  if (!implemented || !whitelisted(word, whitelist)) {
    const std::string_view name = word == telnet_close ? "telnet close" : word;
    return fmt::format("{} is not executed because it is not in the whitelist.\n", name);
  }
  if (word == "ruok") return "imok";
  if (word == "envi") return envi(server);
  if (word == "isro") return server.mode.empty() ? "null" : "rw";
  if (server.mode.empty()) return "This ZooKeeper instance is not currently serving requests\n";
  if (word == "srvr" || word == "stat") return srvr(server, word == "stat");
  if (word == "mntr") return mntr(server);
  if (word == "conf") return conf(server);
  if (word == "cons") return client_lines(server, true) + "\n";
  return wchs(server);
}

}  // namespace muster::frontend
