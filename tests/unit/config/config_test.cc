#include "server/config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

using namespace muster;
using config::Environment;
using config::parse;

namespace {

std::string read(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string manual() { return read(MUSTER_SOURCE_DIR "/config/server.yaml"); }

// With the servers that it shows in a comment.
std::string manual_of_an_ensemble() {
  return std::regex_replace(manual(), std::regex("\n# (servers:|  [1-3]: \\{peer)"), "\n$1");
}

// A file of its own, gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content, mode_t mode = 0600) {
    const int fd = ::mkstemp(path_.data());
    REQUIRE(fd >= 0);
    REQUIRE(::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    REQUIRE(::fchmod(fd, mode) == 0);
    ::close(fd);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/muster-config-XXXXXX";
};

// The only problem of a configuration that has one.
std::string problem(const std::string& text, const Environment& environment = {},
                    const std::string& host = "h1") {
  const auto loaded = parse(text, "f", environment, host);
  CAPTURE(loaded.problems);
  REQUIRE(loaded.problems.size() == 1);
  return loaded.problems[0];
}

const std::string alone = "server_id: 1\ndata_dir: /d\n";

}  // namespace

TEST_CASE("the manual is valid as it stands, for one server alone, and states the defaults") {
  const auto loaded = parse(manual(), "config/server.yaml", {}, "host");
  CHECK(loaded.problems.empty());
  const auto& read_back = loaded.config;
  const config::Config defaults;
  CHECK(read_back.server_id == ServerId{1});
  CHECK(read_back.data_dir == "/var/lib/muster");
  CHECK(config::is_loopback(read_back.client_address.host));
  CHECK(read_back.client_address.port == defaults.client_address.port);
  CHECK(read_back.servers.empty());
  CHECK(read_back.tick_ms == defaults.tick_ms);
  CHECK(read_back.heartbeat_ms == defaults.heartbeat_ms);
  CHECK(read_back.election_timeout_ms == defaults.election_timeout_ms);
  CHECK(read_back.disk_stall_ms == defaults.disk_stall_ms);
  CHECK(read_back.four_letter_words == defaults.four_letter_words);
  // Names every field: a new limit does not compile here until the manual has it.
  const auto& [a1, b1, c1, d1, e1, f1, g1, h1] = read_back.limits;
  const auto& [a2, b2, c2, d2, e2, f2, g2, h2] = defaults.limits;
  CHECK((a1 == a2 && b1 == b2 && c1 == c2 && d1 == d2 && e1 == e2 && f1 == f2 && g1 == g2 && h1 == h2));
  CHECK(read_back.log_level == defaults.log_level);
  CHECK(read_back.log_format == defaults.log_format);
}

TEST_CASE("the ensemble that the manual shows is valid") {
  const auto loaded = parse(manual_of_an_ensemble(), "config/server.yaml", {}, "host");
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.servers.size() == 3);
  CHECK(loaded.config.membership().voters() == 3);
}

TEST_CASE("the manual sets every limit") {
  for (const char* key :
       {"max_frame_bytes", "max_connections", "max_connections_per_address", "max_requests_in_flight",
        "max_output_bytes", "max_watches_per_connection", "max_sessions", "handshake_ms"}) {
    CHECK(manual().find(std::string("\n  ") + key + ": ") != std::string::npos);
  }
}

TEST_CASE("how often checkpoints are made, and how much log is kept for others, is said under checkpoint") {
  const auto loaded =
      parse(alone + "checkpoint: {entries: 1000, bytes: 100000, max_kept: 3}\n", "f", {}, "h");
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.checkpoint.entries == 1000);
  CHECK(loaded.config.checkpoint.bytes == 100000);
  CHECK(loaded.config.max_kept_checkpoints == 3);
  CHECK(parse(alone, "f", {}, "h").config.max_kept_checkpoints ==
        broadcast::PeerConfig{}.max_kept_checkpoints);
  // With less, the log below a checkpoint would never go.
  CHECK(problem(alone + "checkpoint: {max_kept: 1}\n") ==
        "f:3: max_kept must be a whole number from 2 to 1000, not \"1\"");
}

TEST_CASE("a server alone needs an id and a directory") {
  const auto loaded = parse(alone, "f", {}, "h");
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.membership() == broadcast::Membership{{{ServerId{1}, true}}});
  CHECK(parse("", "f", {}, "h").problems ==
        std::vector<std::string>{"f: server_id is not set", "f: data_dir is not set"});
}

TEST_CASE("all mistakes of a file are told at once, each with its line") {
  const auto loaded = parse(
      "server_id: 300\n"
      "data_dri: /d\n"
      "client_address: 2181\n"
      "servers:\n"
      "  1: {peer: \"127.0.0.1:1\", rle: observer}\n"
      "  1: {peer: \"127.0.0.1:2\"}\n"
      "  x: {peer: \"127.0.0.1:3\"}\n"
      "  2: {client: \"127.0.0.1:3\"}\n"
      "tick_ms: soon\n"
      "limits: {max_conections: 5}\n"
      "log:\n"
      "  level: loud\n",
      "f", {}, "h");
  CHECK(loaded.problems ==
        std::vector<std::string>{
            "f:2: \"data_dri\" is no key of the configuration; the nearest is \"data_dir\"",
            "f:1: server_id must be a number from 1 to 254, or \"hostname\", not \"300\"",
            "f: data_dir is not set",
            "f:3: client_address \"2181\" is not HOST:PORT",
            "f:5: \"rle\" is no key of a server; the nearest is \"role\"",
            "f:6: server 1 is listed twice",
            "f:7: \"x\" is no server: its key must be a number from 1 to 254",
            "f:8: server 2 has no peer address",
            "f:9: tick_ms must be a whole number from 100 to 60000, not \"soon\"",
            "f:10: \"max_conections\" is no key of limits; the nearest is \"max_connections\"",
            "f:12: log level must be one of debug, info, warn, error, not \"loud\"",
        });
}

TEST_CASE("what is no YAML is told with its line") {
  CHECK(problem("server_id: 1\ndata_dir: [\n").rfind("f:3: is no YAML: ", 0) == 0);
  CHECK(problem("- 1\n") == "f:1: must hold keys and values, as config/server.yaml does");
  CHECK(problem(alone + "data_dir: /e\n") == "f:3: \"data_dir\" is set twice");
}

TEST_CASE("the environment counts more than the file") {
  const auto loaded =
      parse(manual(), "f",
            {{"MUSTER_SERVER_ID", "2"},
             {"MUSTER_DATA_DIR", "/elsewhere: really"},
             {"MUSTER_LIMITS_MAX_CONNECTIONS", "7"},
             {"MUSTER_LOG_LEVEL", "debug"},
             {"MUSTER_PORT", "tcp://10.0.0.1:2181"},
             {"MUSTER_SERVERS", "{2: {peer: 'localhost:5'}, 9: {peer: '[::1]:6', role: observer}}"}},
            "h");
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.server_id == ServerId{2});
  CHECK(loaded.config.data_dir == "/elsewhere: really");
  CHECK(loaded.config.limits.max_connections == 7);
  CHECK(loaded.config.log_level == config::LogLevel::debug);
  CHECK(loaded.config.membership() == broadcast::Membership{{{ServerId{2}, true}, {ServerId{9}, false}}});
  CHECK(loaded.config.find(ServerId{9})->peer == config::Endpoint{"::1", 6});

  CHECK(problem(alone, {{"MUSTER_TICK_MS", "1"}}) ==
        "MUSTER_TICK_MS: tick_ms must be a whole number from 100 to 60000, not \"1\"");
  CHECK(problem(alone, {{"MUSTER_SERVERS", "{1: {"}}).rfind("MUSTER_SERVERS: is no YAML: ", 0) == 0);
  CHECK(
      parse("", "environment", {{"MUSTER_SERVER_ID", "1"}, {"MUSTER_DATA_DIR", "/d"}}, "h").problems.empty());
}

TEST_CASE("an id can come from the host's name") {
  const std::string text = "server_id: hostname\ndata_dir: /d\n";
  CHECK(parse(text, "f", {}, "muster-12").config.server_id == ServerId{12});
  CHECK(parse(text, "f", {}, "muster3.example.org").config.server_id == ServerId{3});
  CHECK(problem(text, {}, "muster").find("ends in none") != std::string::npos);
  CHECK(problem(text, {}, "muster-0").find("from 1 to 254") != std::string::npos);
  CHECK(parse("server_id: hostname+1\ndata_dir: /d\n", "f", {}, "muster-0").config.server_id == ServerId{1});
}

TEST_CASE("words and the super user") {
  const auto loaded = parse(alone + "super_digest: super:abc=\nfour_letter_words: ruok,srvr\n", "f", {}, "h");
  CHECK(loaded.problems.empty());
  CHECK(loaded.config.super_digest == "super:abc=");
  CHECK(loaded.config.four_letter_words == "ruok,srvr");
  CHECK(problem(alone + "super_digest: abc\n") == "f:3: super_digest must be USER:DIGEST");
}

TEST_CASE("servers must fit together") {
  CHECK(problem(alone + "servers: {2: {peer: 'localhost:1'}, 3: {peer: 'localhost:2'}}") ==
        "f:3: server_id 1 is not one of the servers");
  CHECK(problem(alone + "servers: {1: {peer: 'localhost:1'}, 2: {peer: 'localhost:1'}}") ==
        "f:3: servers 1 and 2 have the same peer address localhost:1");
  CHECK(problem(alone + "servers: {1: {peer: 'localhost:1', role: observer}}") ==
        "f:3: no server is a participant: observers alone decide nothing");
  CHECK(problem(alone + "servers: {1: {peer: 'localhost:2181'}}") ==
        "f:3: client_address and this server's peer address use the same port 2181");
}

TEST_CASE("the times must fit together") {
  CHECK(problem(alone + "heartbeat_ms: 200\n").find("three times heartbeat_ms (200)") != std::string::npos);
  CHECK(problem(alone + "tick_ms: 100\n").find("twice tick_ms (100)") != std::string::npos);
}

TEST_CASE("beyond loopback a secret is required, and it must be one") {
  const auto with = [](const std::string& host, const std::string& file) {
    return alone + "servers: {1: {peer: '" + host + ":1'}}\n" +
           (file.empty() ? "" : "secret_file: " + file + "\n");
  };
  for (const char* host : {"127.0.0.1", "127.9.9.9", "localhost", "[::1]"}) {
    CHECK(parse(with(host, ""), "f", {}, "h").problems.empty());
  }
  for (const char* host : {"10.0.0.1", "muster-1", "localhost.example.org", "[fe80::1]", "127.example.org"}) {
    CHECK(problem(with(host, "")).find("is beyond loopback: set secret_file") != std::string::npos);
  }
  const TemporaryFile good("0123456789abcdef\n");
  CHECK(parse(with("10.0.0.1", good.path()), "f", {}, "h").config.secret == "0123456789abcdef");
  const TemporaryFile open_to_all("0123456789abcdef", 0604);
  CHECK(problem(with("10.0.0.1", open_to_all.path())).find("is open to everybody") != std::string::npos);
  const TemporaryFile brief("0123456789abcde\n");
  CHECK(problem(with("10.0.0.1", brief.path())).find("at least 16 bytes") != std::string::npos);
  CHECK(problem(with("10.0.0.1", "/nowhere/at/all")).find("cannot be read") != std::string::npos);
}

TEST_CASE("an endpoint is a host and a port") {
  CHECK(config::parse_endpoint("a-b.c:1").value() == config::Endpoint{"a-b.c", 1});
  CHECK(config::to_string(config::parse_endpoint("[::1]:65535").value()) == "[::1]:65535");
  for (const char* bad : {"", "a", "a:", ":1", "a:0", "a:65536", "a:1x", "::1:5", "[a]:5", "a b:5", "[]:5"}) {
    CAPTURE(bad);
    CHECK_FALSE(config::parse_endpoint(bad).has_value());
  }
}
