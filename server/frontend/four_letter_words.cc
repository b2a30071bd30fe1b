#include "server/frontend/four_letter_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/frontend/word_lines.h"

namespace muster::frontend {
namespace {

constexpr std::string_view telnet_close = "\xff\xf4\xff\xfd";

std::string client_line(const ClientLine& client) {
  return fmt::format(" /{}[{:x}](queued={},recved={},sent={}", client.address, client.interest,
                     client.in_flight, client.traffic.received, client.traffic.sent);
}

std::string srvr(const ServerView& server, bool with_clients) {
  std::string out = fmt::format("Zookeeper version: {}\n", version);
  if (with_clients) {
    out += "Clients:\n";
    for (const ClientLine& client : server.clients) out += client_line(client) + ")\n";
    out += "\n";
  }
  const Counters& counters = server.counters;
  out += fmt::format("Latency min/avg/max: {}/{}/{}\n", counters.latency.min, average(counters.latency),
                     counters.latency.max);
  out += fmt::format("Received: {}\nSent: {}\n", counters.packets_received, counters.packets_sent);
  out += fmt::format("Connections: {}\nOutstanding: {}\n", server.connections, server.outstanding);
  out += fmt::format("Zxid: {:#x}\nMode: {}\nNode count: {}\n", server.applied.value, server.mode,
                     server.znodes);
  if (server.mode == "leader") {
    const Sizes& sizes = server.proposals;
    out += fmt::format("Proposal sizes last/min/max: {}/{}/{}\n", sizes.last, sizes.min, sizes.max);
  }
  return out;
}

std::string_view code_of(wire::OpCode operation) {
  using wire::OpCode;
  switch (operation) {
    case OpCode::notification:
    case OpCode::error:
    case OpCode::auth:
    case OpCode::sasl:
    case OpCode::backup_begin:
    case OpCode::backup_next:
      return "NA";  // ZooKeeper has no code for these
    case OpCode::ping:
      return "PING";
    case OpCode::create_session:
      return "SESS";
    case OpCode::multi:
      return "MULT";
    case OpCode::multi_read:
      return "MLTR";
    case OpCode::create:
    case OpCode::create2:
    case OpCode::create_container:
    case OpCode::create_ttl:
      return "CREA";
    case OpCode::remove:
    case OpCode::delete_container:
      return "DELE";
    case OpCode::set_data:
      return "SETD";
    case OpCode::reconfig:
      return "RECO";
    case OpCode::set_acl:
      return "SETA";
    case OpCode::close_session:
      return "CLOS";
    case OpCode::sync:
      return "SYNC";
    case OpCode::check:
      return "CHEC";
    case OpCode::exists:
      return "EXIS";
    case OpCode::get_data:
      return "GETD";
    case OpCode::set_watches:
      return "SETW";
    case OpCode::set_watches2:
      return "STW2";
    case OpCode::add_watch:
      return "ADDW";
    case OpCode::get_acl:
      return "GETA";
    case OpCode::get_children:
    case OpCode::get_children2:
      return "GETC";
    case OpCode::get_all_children_number:
      return "GETACN";
    case OpCode::check_watches:
      return "CHKW";
    case OpCode::remove_watches:
      return "REMW";
    case OpCode::who_am_i:
      return "HOMI";
    case OpCode::get_ephemerals:
      return "GETE";
  }
  return "NA";
}

std::string cons(const ServerView& server) {
  std::string out;
  for (const ClientLine& client : server.clients) {
    out += client_line(client);
    if (client.session != SessionId{}) {
      const Traffic& traffic = client.traffic;
      const Latency& latency = traffic.latency;
      out += fmt::format(",sid={:#x},lop={},est={},to={}", static_cast<std::uint64_t>(client.session.value),
                         code_of(traffic.operation), client.opened_ms, client.timeout_ms);
      if (traffic.xid.value >= 0) out += fmt::format(",lcxid={:#x}", traffic.xid.value);
      out += fmt::format(
          ",lzxid={:#x},lresp={},llat={},minlat={},avglat={},maxlat={}",
          static_cast<std::uint64_t>(traffic.zxid.value), traffic.answered_ms, latency.last, latency.min,
          latency.count == 0 ? 0 : latency.total / static_cast<std::int64_t>(latency.count), latency.max);
    }
    out += ")\n";
  }
  return out + "\n";
}

std::string envi(const ServerView& server) {
  std::string out = fmt::format("Environment:\nzookeeper.version={}\n", version);
  for (const auto& [key, value] : server.environment) out += fmt::format("{}={}\n", key, value);
  return out;
}

std::string wchs(const ServerView& server) {
  return fmt::format("{} connections watching {} paths\nTotal watches:{}\n", server.watching_connections,
                     server.watched_paths, server.node_watches);
}

std::string dirs(const ServerView& server) {
  return fmt::format("datadir_size: {}\nlogdir_size: {}\n", server.disk_bytes, server.disk_bytes);
}

struct Word {
  std::string_view name;
  bool always;  // also while the server does not serve
  std::string (*answer)(const ServerView& server);
};

constexpr std::array words{
    Word{"ruok", true, [](const ServerView&) { return std::string("imok"); }},
    Word{"envi", true, envi},
    Word{"isro", true,
         [](const ServerView& server) { return std::string(server.mode.empty() ? "null" : "rw"); }},
    Word{"srvr", false, [](const ServerView& server) { return srvr(server, false); }},
    Word{"stat", false, [](const ServerView& server) { return srvr(server, true); }},
    Word{"mntr", false, mntr},
    Word{"conf", false, conf},
    Word{"cons", false, cons},
    Word{"dump", false, dump},
    Word{"dirs", false, dirs},
    Word{"wchs", false, wchs},
    Word{"wchc", false, wchc},
    Word{"wchp", false, wchp},
    Word{"crst", false, [](const ServerView&) { return std::string("Connection stats reset.\n"); }},
    Word{"srst", false, [](const ServerView&) { return std::string("Server stats reset.\n"); }},
};
// Known and never executed: there are no trace masks here, and the digests are not ZooKeeper's.
constexpr std::array never_executed{std::string_view("gtmk"), std::string_view("stmk"),
                                    std::string_view("hash"), telnet_close};

const Word* find(std::string_view name) {
  const auto found =
      std::find_if(words.begin(), words.end(), [&](const Word& word) { return word.name == name; });
  return found == words.end() ? nullptr : &*found;
}

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

}  // namespace

bool is_four_letter_word(std::string_view word) {
  return find(word) != nullptr ||
         std::find(never_executed.begin(), never_executed.end(), word) != never_executed.end();
}

bool needs_clients(std::string_view word) { return word == "stat" || word == "cons" || word == "dump"; }
bool needs_sessions(std::string_view word) { return word == "dump"; }
bool needs_watches(std::string_view word) { return word == "wchc" || word == "wchp"; }

bool is_executed(std::string_view word, std::string_view whitelist, bool serving) {
  const Word* known = find(word);
  return known != nullptr && whitelisted(word, whitelist) && (known->always || serving);
}

std::string answer_word(std::string_view word, std::string_view whitelist, const ServerView& server) {
  const Word* known = find(word);
  if (known == nullptr || !whitelisted(word, whitelist)) {
    const std::string_view name = word == telnet_close ? "telnet close" : word;
    return fmt::format("{} is not executed because it is not in the whitelist.\n", name);
  }
  if (!is_executed(word, whitelist, !server.mode.empty()))
    return "This ZooKeeper instance is not currently serving requests\n";
  return known->answer(server);
}

}  // namespace muster::frontend
