#include "server/runtime/server.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "raw_client.h"
#include "server/storage/file_system.h"
#include "server/storage/identity.h"
#include "server/storage/leveldb_store.h"
#include "tests/support/wrong_state.h"

using namespace muster;
using test::FreeListener;
using test::RawClient;

namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/muster-runtime-XXXXXX";
};

// One server on a thread of its own, until stop().
class Running {
 public:
  Running(const config::Config& config, const runtime::ServerOptions& options)
      : server_(config, options), thread_([this] { server_.run(); }) {}
  ~Running() { stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void stop() {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }
  // A server that starts again forgets who asked.
  [[nodiscard]] node::Status status() {
    for (;;) {
      try {
        return server_.status().get();
      } catch (const std::future_error&) {
      }
    }
  }
  [[nodiscard]] std::uint16_t port() const { return server_.client_port(); }

 private:
  runtime::Server server_;
  std::thread thread_;
};

class Ensemble {
 public:
  explicit Ensemble(std::int32_t size, std::string secret = "", std::size_t checkpoint_entries = 200'000)
      : size_(size), secret_(std::move(secret)), checkpoint_entries_(checkpoint_entries) {
    start();
  }

  // Starts them all on fresh ports.
  void start() {
    std::map<std::int32_t, std::array<FreeListener, 2>> listeners;
    std::vector<config::Server> servers;
    for (std::int32_t id = 1; id <= size_; ++id) {
      config::Server server;
      server.id = ServerId{id};
      server.peer = {"127.0.0.1", listeners[id][0].port};
      servers.push_back(server);
    }
    for (std::int32_t id = 1; id <= size_; ++id) {
      config::Config config;
      config.server_id = ServerId{id};
      config.data_dir = directory(id);
      config.checkpoint.entries = checkpoint_entries_;
      config.servers = servers;
      config.secret = secret_;
      // Under a sanitizer on a busy machine a process may well stand still for half a second.
      config.election_timeout_ms = 800;
      runtime::ServerOptions options;
      options.peer_listener = listeners[id][0].fd;
      options.client_listener = listeners[id][1].fd;
      running_[id] = std::make_unique<Running>(config, options);
    }
  }
  void stop() {
    for (auto& [id, server] : running_) server.reset();
    running_.clear();
  }
  void stop(std::int32_t id) { running_.erase(id); }
  [[nodiscard]] std::string directory(std::int32_t id) const {
    return directory_.path() + "/" + std::to_string(id);
  }

  Running& operator[](std::int32_t id) { return *running_.at(id); }
  // With a session; waits until the ensemble is founded and led.
  std::unique_ptr<RawClient> client(std::int32_t id) {
    for (;;) {
      auto client = std::make_unique<RawClient>(running_.at(id)->port());
      if (const auto reply = client->handshake(); reply && reply->session.value != 0) return client;
    }
  }
  std::int32_t leader() {
    for (;;) {
      for (auto& [id, server] : running_) {
        if (server->status().role.role == broadcast::Role::leading) return id;
      }
    }
  }
  // Some server that does not lead.
  std::int32_t follower() {
    const auto leads = leader();
    for (auto& [id, server] : running_) {
      if (id != leads) return id;
    }
    return 0;
  }

 private:
  std::int32_t size_;
  std::string secret_;
  std::size_t checkpoint_entries_;
  TemporaryDirectory directory_;
  std::map<std::int32_t, std::unique_ptr<Running>> running_;
};

ErrorCode create(RawClient& client, const std::string& path, const std::string& data) {
  wire::CreateRequest request;
  request.path = path;
  request.data = data;
  request.acl = open_acl();
  const auto answer = client.call(request);
  REQUIRE(answer);
  return answer->header.error;
}

std::string get(RawClient& client, const std::string& path) {
  REQUIRE(client.call(wire::SyncRequest{path})->header.error == ErrorCode::ok);
  const auto answer = client.call(wire::GetDataRequest{path, false});
  REQUIRE(answer);
  REQUIRE(answer->header.error == ErrorCode::ok);
  const auto body = wire::decode_reply_body(wire::OpCode::get_data, answer->body).value();
  return std::get<wire::GetDataReply>(body).data.value();
}

config::Config alone(const std::string& directory) {
  config::Config config;
  config.server_id = ServerId{1};
  config.data_dir = directory;
  config.client_address = {"127.0.0.1", 0};
  return config;
}

}  // namespace

TEST_CASE(
    "three servers serve; when the leader goes, a client of another keeps its connection and its data") {
  Ensemble ensemble(3, "a secret that they share");
  const auto leader = ensemble.leader();
  const auto follower = ensemble.follower();
  const auto client = ensemble.client(follower);
  CHECK(create(*client, "/a", "one") == ErrorCode::ok);
  CHECK(create(*client, "/a", "two") == ErrorCode::node_exists);
  CHECK(get(*ensemble.client(leader), "/a") == "one");

  ensemble.stop(leader);
  CHECK(create(*client, "/b", "two") == ErrorCode::ok);
  CHECK(get(*client, "/a") == "one");
  CHECK(get(*ensemble.client(ensemble.leader()), "/b") == "two");
}

TEST_CASE("what was written is there after all servers were stopped") {
  Ensemble ensemble(3);
  CHECK(create(*ensemble.client(2), "/a", "one") == ErrorCode::ok);
  ensemble.stop();
  ensemble.start();
  CHECK(get(*ensemble.client(3), "/a") == "one");
}

TEST_CASE("a server whose state is another than the others' sets it aside and is given theirs") {
  Ensemble ensemble(3, "", 10);
  const auto client = ensemble.client(1);
  for (int i = 0; i < 30; ++i) CHECK(create(*client, "/n" + std::to_string(i), "x") == ErrorCode::ok);
  while (ensemble[2].status().checkpoint == Zxid{}) {
  }
  ensemble.stop();
  const auto files = storage::real_file_system();
  {
    storage::LevelDbStore store(*files, ensemble.directory(2), {});
    REQUIRE(storage::make_wrong(store));
  }
  ensemble.start();
  const auto sound = [&] {
    const node::Status one = ensemble[1].status(), two = ensemble[2].status();
    return one.applied > Zxid{} && one.applied == two.applied && one.digest == two.digest;
  };
  while (!sound()) {
  }
  CHECK(get(*ensemble.client(2), "/n29") == "x");
  ensemble.stop();
  CHECK(storage::IdentityFile(*files, ensemble.directory(2), ServerId{2}).state_at_least() > Zxid{});
  CHECK(storage::IdentityFile(*files, ensemble.directory(1), ServerId{1}).state_at_least() == Zxid{});
}

TEST_CASE("a server alone serves, large values and small") {
  const TemporaryDirectory directory;
  Running server(alone(directory.path()), {});
  std::unique_ptr<RawClient> client;
  do client = std::make_unique<RawClient>(server.port());
  while (!client->handshake());
  const std::string large(900'000, 'x');
  CHECK(create(*client, "/large", large) == ErrorCode::ok);
  CHECK(get(*client, "/large") == large);

  // Many answers to somebody who does not read yet: more than the system's buffers take.
  std::string requests;
  for (int i = 0; i < 12; ++i)
    requests += wire::encode_request(Xid{100 + i}, wire::GetDataRequest{"/large", false});
  client->send(requests + wire::encode_request(Xid{200}, wire::CloseSessionRequest{}));
  CHECK(client->read_to_end().size() > 12 * large.size());
}

TEST_CASE("a word is answered to its last byte, whatever else was sent") {
  const TemporaryDirectory directory;
  Running server(alone(directory.path()), {});
  RawClient client(server.port());
  client.send("ruok\nand more that nobody reads\n");
  CHECK(client.read_to_end() == "imok");
}

TEST_CASE("garbage on any port is answered by hanging up, and nobody else notices") {
  const TemporaryDirectory directory;
  FreeListener peers;
  auto config = alone(directory.path());
  config.servers = {{ServerId{1}, {"127.0.0.1", peers.port}, {}, true}};
  runtime::ServerOptions options;
  options.peer_listener = peers.fd;
  Running server(config, options);
  for (const auto port : {peers.port, server.port()}) {
    for (const std::string& garbage : {std::string(100'000, '\xff'), std::string("GET / HTTP/1.1\r\n\r\n"),
                                       std::string("\x02\0\0\0\x08\x01", 6)}) {
      RawClient client(port);
      client.send(garbage);
      if (port == peers.port) CHECK(client.read_to_end().empty());
    }
  }
  RawClient client(server.port());
  client.send("ruok");
  CHECK(client.read_to_end() == "imok");
}

TEST_CASE("a directory or a port that is not for this server is refused in one sentence") {
  const TemporaryDirectory directory;
  const auto why = [](const config::Config& config) -> std::string {
    try {
      const runtime::Server server(config, {});
    } catch (const runtime::StartError& error) {
      return error.what();
    }
    return "";
  };
  {
    const runtime::Server first(alone(directory.path() + "/one"), {});
    CHECK(why(alone(directory.path() + "/one")).find("in use by another process") != std::string::npos);
    auto same_port = alone(directory.path() + "/two");
    same_port.client_address.port = first.client_port();
    CHECK(why(same_port).find("another musterd, listens there") != std::string::npos);
  }
  auto other = alone(directory.path() + "/one");
  other.server_id = ServerId{2};
  CHECK(why(other).find("belongs to server 1") != std::string::npos);
  CHECK(why(alone(directory.path() + "/one")).empty());

  auto nowhere = alone(directory.path() + "/three");
  nowhere.client_address.host = "name.invalid";
  CHECK(why(nowhere).find("no address is known") != std::string::npos);
  CHECK_FALSE(why(alone("/proc/nothing/can/be/here")).empty());
}

TEST_CASE("a server listens to the others before it reads its state, so that they need not call again") {
  const TemporaryDirectory directory;
  auto config = alone(directory.path());
  { const runtime::Server once(config, {}); }
  std::ofstream(directory.path() + "/log-0000000000000001") << std::string(100'000, 'x');
  CHECK_THROWS_AS(runtime::Server(config, {}), storage::DiskError);
  const FreeListener taken;
  config.servers = {{ServerId{1}, {"127.0.0.1", taken.port}, {}, true}};
  CHECK_THROWS_WITH(runtime::Server(config, {}), Catch::Contains("another musterd, listens there"));
}

TEST_CASE("a server starts when no other server's name can be found") {
  const TemporaryDirectory directory;
  FreeListener peers;
  auto config = alone(directory.path());
  config.servers = {{ServerId{1}, {"name.invalid", 1}, {}, true},
                    {ServerId{3}, {"127.0.0.1", peers.port}, {}, true}};
  config.server_id = ServerId{3};
  runtime::ServerOptions options;
  options.peer_listener = peers.fd;
  Running server(config, options);
  RawClient client(server.port());
  client.send("ruok");
  CHECK(client.read_to_end() == "imok");
}
