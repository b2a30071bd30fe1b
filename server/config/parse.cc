// The only file that knows YAML.
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>

#include "server/config/config.h"

namespace muster::config {
namespace {

using Names = std::vector<std::string_view>;

struct LimitKey {
  std::string_view name;
  std::int64_t least, most;
  void (*set)(node::Limits& limits, std::int64_t value);
};

template <auto Member>
constexpr LimitKey limit(std::string_view name, std::int64_t least, std::int64_t most) {
  return {name, least, most, [](node::Limits& limits, std::int64_t value) {
            using Field = std::remove_reference_t<decltype(limits.*Member)>;
            limits.*Member = static_cast<Field>(value);
          }};
}

constexpr std::int64_t kMany = 1'000'000'000;
constexpr std::array kLimits{
    // A frame must fit, with its envelope, into one frame between servers.
    limit<&node::Limits::max_frame_bytes>("max_frame_bytes", 1024, 32 << 20),
    limit<&node::Limits::max_connections>("max_connections", 1, kMany),
    limit<&node::Limits::max_connections_per_address>("max_connections_per_address", 1, kMany),
    limit<&node::Limits::max_requests_in_flight>("max_requests_in_flight", 1, kMany),
    limit<&node::Limits::max_output_bytes>("max_output_bytes", 64 << 10, kMany),
    limit<&node::Limits::max_watches_per_connection>("max_watches_per_connection", 1, kMany),
    limit<&node::Limits::max_sessions>("max_sessions", 1, kMany),
    limit<&node::Limits::handshake_ms>("handshake_ms", 100, 600'000),
};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Levenshtein's: how many letters to change, add or leave out.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string_view nearest(std::string_view word, const Names& names) {
  return *std::min_element(names.begin(), names.end(), [&](std::string_view a, std::string_view b) {
    return distance(word, a) < distance(word, b);
  });
}

// Whether listening on one takes the other's place. A name may mean any address of this machine.
bool overlap(const Endpoint& a, const Endpoint& b) {
  const auto any = [](const std::string& host) {
    return host == "0.0.0.0" || host == "::" || !is_literal_address(host);
  };
  return a.port == b.port && (a.host == b.host || any(a.host) || any(b.host));
}

// A node of the file, or the variable that took its place.
struct Value {
  YAML::Node node;
  std::string variable;
  [[nodiscard]] bool given() const { return node.IsDefined() && !node.IsNull(); }
};

class Parser {
 public:
  Parser(std::string name, const Environment& environment, std::string host_name)
      : name_(std::move(name)), environment_(environment), host_name_(std::move(host_name)) {}

  Loaded run(const std::string& text);

 private:
  void problem(const Value& at, const std::string& sentence) { problem_at(place(at), sentence); }
  void problem_at(const std::string& place, const std::string& sentence) {
    loaded_.problems.push_back(place + ": " + sentence);
  }
  [[nodiscard]] std::string place(const Value& at) const {
    if (!at.variable.empty()) return at.variable;
    if (!at.node.IsDefined() || at.node.Mark().is_null()) return name_;
    return name_ + ":" + std::to_string(at.node.Mark().line + 1);
  }

  // The value of `section` (may be "") and `key`: the variable's if there is one.
  [[nodiscard]] Value find(const std::string& section, const std::string& key) const;
  void check_keys(const Value& map, const Names& known, const std::string& what);
  std::optional<std::string> text_of(const Value& value, std::string_view key);
  void number(const std::string& section, const std::string& key, std::int64_t least, std::int64_t most,
              const std::function<void(std::int64_t)>& set);
  template <class T>
  void choice(const std::string& section, const std::string& key,
              const std::vector<std::pair<std::string_view, T>>& words, T& out);
  bool endpoint(const Value& value, std::string_view key, Endpoint& out);

  void read_server_id();
  void read_servers();
  void read_server(const Value& key, const Value& value);
  void read_words();
  void read_sections();
  void check_servers();
  void check_timing();
  void read_secret();

  std::string name_;
  const Environment& environment_;
  std::string host_name_;
  YAML::Node root_;
  Loaded loaded_;
  Config& config_ = loaded_.config;
};

const Names kTop{"server_id",     "data_dir",     "client_address",    "servers",
                 "secret_file",   "tick_ms",      "heartbeat_ms",      "election_timeout_ms",
                 "disk_stall_ms", "super_digest", "four_letter_words", "checkpoint",
                 "limits",        "log"};

Value Parser::find(const std::string& section, const std::string& key) const {
  std::string variable = "MUSTER_" + (section.empty() ? key : section + "_" + key);
  std::transform(variable.begin(), variable.end(), variable.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto found = environment_.find(variable);
  if (found != environment_.end()) return {YAML::Node(found->second), variable};
  const YAML::Node& root = root_;
  if (!root.IsMap()) return {};
  if (section.empty()) return {root[key], ""};
  const YAML::Node inner = root[section];
  return inner.IsDefined() && inner.IsMap() ? Value{inner[key], ""} : Value{};
}

void Parser::check_keys(const Value& map, const Names& known, const std::string& what) {
  std::set<std::string> seen;
  for (const auto& item : map.node) {
    const Value key{item.first, map.variable};
    const std::string word = item.first.IsScalar() ? item.first.Scalar() : "?";
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      problem(key,
              quoted(word) + " is no key of " + what + "; the nearest is " + quoted(nearest(word, known)));
    } else if (!seen.insert(word).second) {
      problem(key, quoted(word) + " is set twice");
    }
  }
}

std::optional<std::string> Parser::text_of(const Value& value, std::string_view key) {
  if (!value.given()) return std::nullopt;
  if (value.node.IsScalar()) return value.node.Scalar();
  problem(value, std::string(key) + " must be a single value");
  return std::nullopt;
}

void Parser::number(const std::string& section, const std::string& key, std::int64_t least, std::int64_t most,
                    const std::function<void(std::int64_t)>& set) {
  const Value value = find(section, key);
  const auto text = text_of(value, key);
  if (!text) return;
  std::int64_t parsed = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), parsed);
  if (error != std::errc{} || end != text->data() + text->size() || parsed < least || parsed > most) {
    problem(value, key + " must be a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most) + ", not " + quoted(*text));
    return;
  }
  set(parsed);
}

template <class T>
void Parser::choice(const std::string& section, const std::string& key,
                    const std::vector<std::pair<std::string_view, T>>& words, T& out) {
  const Value value = find(section, key);
  const auto text = text_of(value, key);
  if (!text) return;
  std::string all;
  for (const auto& [word, meaning] : words) {
    if (*text == word) {
      out = meaning;
      return;
    }
    all += (all.empty() ? "" : ", ") + std::string(word);
  }
  problem(value, (section.empty() ? key : section + " " + key) + " must be one of " + all + ", not " +
                     quoted(*text));
}

bool Parser::endpoint(const Value& value, std::string_view key, Endpoint& out) {
  const auto text = text_of(value, key);
  if (!text) return false;
  const auto parsed = parse_endpoint(*text);
  if (!parsed) {
    problem(value, std::string(key) + " " + parsed.error().message);
    return false;
  }
  out = *parsed;
  return true;
}

void Parser::read_server_id() {
  const Value value = find("", "server_id");
  if (!value.given()) return problem_at(name_, "server_id is not set");
  auto text = text_of(value, "server_id");
  if (!text) return;
  std::int64_t added = 0;
  if (*text == "hostname" || *text == "hostname+1") {
    added = *text == "hostname" ? 0 : 1;
    const std::string name = host_name_.substr(0, host_name_.find('.'));
    const auto last = name.find_last_not_of("0123456789");
    text = last == std::string::npos ? name : name.substr(last + 1);
    if (text->empty()) {
      return problem(value, "server_id is the number that the host name ends in, but " + quoted(host_name_) +
                                " ends in none");
    }
  }
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  id += added;
  if (error != std::errc{} || end != text->data() + text->size() || id < 1 || id > 254) {
    return problem(value, "server_id must be a number from 1 to 254, or \"hostname\", not " + quoted(*text));
  }
  config_.server_id = ServerId{static_cast<std::int32_t>(id)};
}

void Parser::read_server(const Value& key, const Value& value) {
  const std::string word = key.node.IsScalar() ? key.node.Scalar() : "?";
  std::int32_t id = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (error != std::errc{} || end != word.data() + word.size() || id < 1 || id > 254) {
    return problem(key, quoted(word) + " is no server: its key must be a number from 1 to 254");
  }
  Server server;
  server.id = ServerId{id};
  if (config_.find(server.id) != nullptr) return problem(key, "server " + word + " is listed twice");
  if (!value.node.IsMap()) return problem(key, "server " + word + " must be {peer: HOST:PORT, …}");
  check_keys(value, {"peer", "client", "role"}, "a server");
  const YAML::Node& fields = value.node;
  const auto field = [&](const char* name) { return Value{fields[name], value.variable}; };
  const Value peer = field("peer");
  if (!peer.given()) {
    problem(key, "server " + word + " has no peer address");
  } else {
    endpoint(peer, "peer", server.peer);
  }
  Endpoint client;
  if (endpoint(field("client"), "client", client)) server.client = client;
  const Value role = field("role");
  if (const auto text = text_of(role, "role")) {
    server.voter = *text != "observer";
    if (*text != "observer" && *text != "participant") {
      problem(role, "role must be participant or observer, not " + quoted(*text));
    }
  }
  config_.servers.push_back(std::move(server));
}

void Parser::read_servers() {
  Value servers = find("", "servers");
  if (!servers.given()) return;
  if (!servers.variable.empty()) {
    try {
      servers.node = YAML::Load(servers.node.Scalar());
    } catch (const YAML::Exception& error) {
      return problem(servers, "is no YAML: " + error.msg);
    }
  }
  if (servers.node.IsNull()) return;
  if (!servers.node.IsMap())
    return problem(servers, "servers must be {1: {peer: HOST:PORT}, 2: {peer: HOST:PORT}, …}");
  for (const auto& item : servers.node) {
    read_server({item.first, servers.variable}, {item.second, servers.variable});
  }
  std::sort(config_.servers.begin(), config_.servers.end(),
            [](const Server& a, const Server& b) { return a.id < b.id; });
}

void Parser::read_words() {
  const Value digest = find("", "super_digest");
  if (const auto text = text_of(digest, "super_digest")) {
    config_.super_digest = *text;
    if (text->find(':') == std::string::npos) problem(digest, "super_digest must be USER:DIGEST");
  }
  const Value words = find("", "four_letter_words");
  if (const auto text = text_of(words, "four_letter_words")) config_.four_letter_words = *text;
}

void Parser::read_sections() {
  Names limit_names;
  for (const auto& key : kLimits) limit_names.push_back(key.name);
  const auto section = [&](const char* name, const Names& known) {
    const Value map = root_.IsMap() ? Value{root_[name], ""} : Value{};
    if (!map.given()) return;
    if (!map.node.IsMap()) return problem(map, std::string(name) + " must hold keys and values");
    check_keys(map, known, name);
  };
  section("limits", limit_names);
  section("checkpoint", {"entries", "bytes", "max_kept"});
  section("log", {"level", "format"});
  number("checkpoint", "entries", 100, kMany,
         [&](std::int64_t value) { config_.checkpoint.entries = static_cast<std::size_t>(value); });
  number("checkpoint", "bytes", 64 << 10, 1LL << 40,
         [&](std::int64_t value) { config_.checkpoint.bytes = static_cast<std::size_t>(value); });
  number("checkpoint", "max_kept", 2, 1000,
         [&](std::int64_t value) { config_.max_kept_checkpoints = static_cast<std::size_t>(value); });
  for (const auto& key : kLimits) {
    number("limits", std::string(key.name), key.least, key.most,
           [&](std::int64_t value) { key.set(config_.limits, value); });
  }
  choice<LogLevel>("log", "level",
                   {{"debug", LogLevel::debug},
                    {"info", LogLevel::info},
                    {"warn", LogLevel::warn},
                    {"error", LogLevel::error}},
                   config_.log_level);
  choice<LogFormat>("log", "format", {{"text", LogFormat::text}, {"json", LogFormat::json}},
                    config_.log_format);
}

void Parser::check_servers() {
  const auto& servers = config_.servers;
  if (servers.empty()) return;
  const Value at = find("", "servers");
  for (std::size_t i = 0; i < servers.size(); ++i) {
    for (std::size_t j = i + 1; j < servers.size(); ++j) {
      const std::string pair =
          "servers " + muster::to_string(servers[i].id) + " and " + muster::to_string(servers[j].id);
      if (!servers[i].peer.host.empty() && servers[i].peer == servers[j].peer) {
        problem(at, pair + " have the same peer address " + to_string(servers[i].peer));
      }
      if (servers[i].client && servers[i].client == servers[j].client) {
        problem(at, pair + " have the same client address " + to_string(*servers[i].client));
      }
    }
  }
  if (std::none_of(servers.begin(), servers.end(), [](const Server& server) { return server.voter; })) {
    problem(at, "no server is a participant: observers alone decide nothing");
  }
  if (config_.server_id.value == 0) return;
  const Server* self = config_.find(config_.server_id);
  if (self == nullptr) {
    problem(at, "server_id " + muster::to_string(config_.server_id) + " is not one of the servers");
  } else if (overlap(self->peer, config_.client_address)) {
    problem(at, "client_address and this server's peer address use the same port " +
                    std::to_string(self->peer.port));
  }
}

void Parser::check_timing() {
  if (config_.heartbeat_ms * 3 > config_.election_timeout_ms) {
    problem(find("", "election_timeout_ms"),
            "election_timeout_ms (" + std::to_string(config_.election_timeout_ms) +
                ") must be at least three times heartbeat_ms (" + std::to_string(config_.heartbeat_ms) +
                "), or a late heartbeat costs the leader its office");
  }
  if (config_.election_timeout_ms > config_.tick_ms * 2) {
    problem(find("", "election_timeout_ms"),
            "election_timeout_ms (" + std::to_string(config_.election_timeout_ms) +
                ") must not be above twice tick_ms (" + std::to_string(config_.tick_ms) +
                "), or sessions expire while a leader is sought");
  }
}

void Parser::read_secret() {
  const Value value = find("", "secret_file");
  if (const auto text = text_of(value, "secret_file")) config_.secret_file = *text;
  if (config_.secret_file.empty()) {
    for (const auto& server : config_.servers) {
      if (server.peer.host.empty() || is_loopback(server.peer.host)) continue;
      return problem(find("", "servers"), "server " + muster::to_string(server.id) + " at " +
                                              to_string(server.peer) +
                                              " is beyond loopback: set secret_file, or anyone may join");
    }
    return;
  }
  const auto& file = config_.secret_file;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return problem(value, "secret_file " + file + " cannot be read");
  if ((status.st_mode & S_IRWXO) != 0) {
    return problem(value, "secret_file " + file + " is open to everybody: chmod 600 it");
  }
  std::ifstream in(file, std::ios::binary);
  std::string secret{std::istreambuf_iterator<char>(in), {}};
  if (!in) return problem(value, "secret_file " + file + " cannot be read");
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.size() < 16) {
    return problem(
        value, "secret_file " + file + " must hold at least 16 bytes: openssl rand -hex 32 makes a good one");
  }
  config_.secret = std::move(secret);
}

Loaded Parser::run(const std::string& text) {
  try {
    root_ = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    problem_at(name_ + ":" + std::to_string(error.mark.line + 1), "is no YAML: " + error.msg);
    return std::move(loaded_);
  }
  if (!root_.IsMap() && !root_.IsNull()) {
    problem_at(name_ + ":1", "must hold keys and values, as config/server.yaml does");
    return std::move(loaded_);
  }
  if (root_.IsMap()) check_keys({root_, ""}, kTop, "the configuration");
  read_server_id();
  const Value data_dir = find("", "data_dir");
  if (!data_dir.given()) problem_at(name_, "data_dir is not set");
  if (const auto directory = text_of(data_dir, "data_dir")) {
    config_.data_dir = *directory;
    if (directory->empty()) problem(data_dir, "data_dir is empty");
  }
  endpoint(find("", "client_address"), "client_address", config_.client_address);
  read_servers();
  number("", "tick_ms", 100, 60'000, [&](std::int64_t value) { config_.tick_ms = value; });
  number("", "heartbeat_ms", 10, 10'000, [&](std::int64_t value) { config_.heartbeat_ms = value; });
  number("", "election_timeout_ms", 30, 60'000,
         [&](std::int64_t value) { config_.election_timeout_ms = value; });
  number("", "disk_stall_ms", 50, 3'600'000, [&](std::int64_t value) { config_.disk_stall_ms = value; });
  read_words();
  read_sections();
  check_servers();
  check_timing();
  read_secret();
  return std::move(loaded_);
}

}  // namespace

Loaded parse(const std::string& text, const std::string& name, const Environment& environment,
             const std::string& host_name) {
  return Parser(name, environment, host_name).run(text);
}

}  // namespace muster::config
