// A server on a loopback port of the system's choosing that speaks the protocol and obeys the test: it answers what the
// test says, falls silent, tells events, breaks connections.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/wire/connect.h"
#include "common/wire/events.h"
#include "common/wire/frame.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::client {

class FakeServer {
 public:
  // What it answers; nothing: it never does.
  using Answer = std::function<std::optional<wire::Reply>(const wire::Request&)>;

  // Everything succeeds: a node's data are its path.
  static std::optional<wire::Reply> agree(const wire::Request& request);
  static std::optional<wire::Reply> be_silent(const wire::Request& request);

  explicit FakeServer(Answer answer = agree);
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer();

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // From any thread
  void answer_with(Answer answer);
  // How many writes it remembers from the next handshake on; nothing: it is a ZooKeeper.
  void remember(std::optional<std::int32_t> writes);
  void tell(wire::EventType type, const std::string& path);  // to every connection
  void break_connections();
  // Waits until it has received so many requests of that kind in all (handshakes and pings are none).
  void await(wire::OpCode type, std::size_t count = 1);
  [[nodiscard]] std::size_t received(wire::OpCode type) const;

 private:
  struct Connection {
    int socket;
    wire::FrameReader reader;
    bool greeted = false;
  };

  void run();
  void accept_one();
  // False: the connection is to be closed.
  bool read_from(Connection& connection);
  bool on_frame(Connection& connection, std::string_view payload);

  int listener_ = -1;
  int wake_[2] = {-1, -1};  // a pipe; closed: stop
  std::uint16_t port_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Answer answer_;
  std::optional<std::int32_t> remember_;
  std::map<wire::OpCode, std::size_t> received_;
  std::map<int, Connection> connections_;
  std::int64_t zxid_ = 0;

  std::thread thread_;
};

}  // namespace muster::client
