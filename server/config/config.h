// What an operator decides: config/server.yaml is the manual, this is the value that comes of it.
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "server/broadcast/entry.h"
#include "server/node/node.h"

namespace muster::config {

struct Endpoint {
  std::string host;  // a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// "HOST:PORT" or "[IPv6]:PORT", port 1–65535.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);
// True only for literal addresses: a name may mean another address tomorrow.
[[nodiscard]] bool is_literal_address(const std::string& host);
// True for literal loopback addresses and the name "localhost".
[[nodiscard]] bool is_loopback(const std::string& host);

struct Server {
  ServerId id;
  Endpoint peer;
  std::optional<Endpoint> client;  // where clients find it: for people and tools
  bool voter = true;               // false: observer
};

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

struct Config {
  ServerId server_id;
  std::string data_dir;
  Endpoint client_address{"0.0.0.0", 2181};
  std::vector<Server> servers;  // sorted by id; empty: standalone
  std::string secret_file;      // empty: peers are not authenticated
  std::string secret;           // its content, without line ends behind it
  std::int64_t tick_ms = 2000;
  std::int64_t heartbeat_ms = 50;
  std::int64_t election_timeout_ms = 400;
  std::int64_t disk_stall_ms = 1000;
  std::string super_digest;                                // "user:base64(sha1(user:password))"; empty: none
  std::string four_letter_words{frontend::default_words};  // as node::NodeConfig
  node::Limits limits;
  node::CheckpointLimits checkpoint;
  std::size_t max_kept_checkpoints = 8;  // as broadcast::PeerConfig
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;

  [[nodiscard]] const Server* find(ServerId id) const;
  // Of all configured servers; alone: this one.
  [[nodiscard]] broadcast::Membership membership() const;
};

using Environment = std::map<std::string, std::string>;
// The variables of this process that begin with MUSTER_.
[[nodiscard]] Environment process_environment();
[[nodiscard]] std::string process_host_name();

struct Loaded {
  Config config;                      // usable only if there are no problems
  std::vector<std::string> problems;  // each one sentence with its place: "FILE:LINE: …" or "MUSTER_KEY: …"
};

// `text` is YAML; `name` is what problems call it. A variable MUSTER_KEY takes the place of `key`; variables
// of no key are ignored (other programs and container platforms set their own). Reads no file but the secret.
[[nodiscard]] Loaded parse(const std::string& text, const std::string& name, const Environment& environment,
                           const std::string& host_name);
// The same for a file; "" means that everything is in the environment.
[[nodiscard]] Loaded load(const std::string& file);

}  // namespace muster::config
