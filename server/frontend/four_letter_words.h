// ZooKeeper's operator commands: four bytes instead of a handshake, answered with text in ZooKeeper's
// formats, which tools parse.
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/frontend/context.h"

namespace muster::frontend {

inline constexpr std::string_view default_words = "ruok,isro,srvr,stat,mntr,conf,envi,cons,wchs";

struct ClientLine {
  std::string address;
  std::size_t in_flight = 0;
  std::uint64_t received = 0, sent = 0;  // packets
  SessionId session;                     // 0: none yet
  std::int32_t timeout_ms = 0;
};

// What the words tell of. Mode: "standalone", "leader", "follower", "observer"; empty: no leader is known,
// not serving.
struct ServerView {
  std::string mode;
  ServerId self;
  std::int64_t uptime_ms = 0;
  std::size_t connections = 0, sessions = 0, znodes = 0, watches = 0, watched_paths = 0,
              watching_connections = 0, outstanding = 0;
  std::size_t voters = 0, members = 0;
  Zxid checkpoint;    // the newest on disk; 0: none
  bool votes = true;  // false: an observer, or a server with a new disk that is not yet repaired
  Zxid applied;
  Counters counters;
  std::int64_t tick_ms = 0;
  std::size_t max_connections_per_address = 0;
  std::vector<std::pair<std::string, std::string>> environment;    // further lines of envi
  std::vector<std::pair<std::string, std::string>> configuration;  // further lines of conf
  std::vector<ClientLine> clients;                                 // of stat and cons only, by connection
};

// True for every word of ZooKeeper, executed or not.
[[nodiscard]] bool is_four_letter_word(std::string_view word);
[[nodiscard]] bool lists_clients(std::string_view word);
// `whitelist`: as in zoo.cfg, words with commas between, "*" for all that are implemented.
[[nodiscard]] std::string answer_word(std::string_view word, std::string_view whitelist,
                                      const ServerView& server);

}  // namespace muster::frontend
