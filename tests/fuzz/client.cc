// The client port: what any client can send a server, in any pieces, on several connections, while time passes and the disk is slow.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/conversation.h"
#include "tests/fuzz/guard.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/requests.h"
#include "tests/fuzz/server.h"

namespace muster::fuzz {
namespace {

// Small, so that inputs of a few kilobytes reach them. The frame's stays: no frame comes near it, but lengths may claim it.
node::NodeConfig small_limits() {
  node::NodeConfig config;
  config.limits.max_connections_per_address = 3;
  config.limits.max_requests_in_flight = 8;
  config.limits.max_output_bytes = std::size_t{64} * 1024;
  config.limits.max_watches_per_connection = 16;
  config.limits.max_sessions = 8;
  config.peer.max_pending_bytes = 8192;
  config.super_digest = "super:UFo9HKB6G2DvIWmsaH8LJwb3UNg=";
  return config;
}

Server founded() {
  Server server(1, 1, small_limits());
  const auto ignore = [](const auto&) {};
  for (int i = 0; i < 10; ++i) {
    server.turn(ignore, ignore);
    server.pass(1000);
  }
  server.turn(ignore, ignore);
  require(server.node().peer().established(), "a server that is alone leads");
  return server;
}

class Port {
 public:
  explicit Port(Input input) : input_(input), server_(prototype()) {}

  void run() {
    while (!input_.empty()) {
      step();
      // Several inputs may come before what follows of them is carried out.
      if (input_.flag()) turn();
    }
    server_.hold_disk(false);
    for (int i = 0; i < 3; ++i) {
      turn();
      server_.pass(25);
    }
    turn();
  }

 private:
  struct Client {
    node::ConnId id = 0;
    Conversation talk{node::Limits{}.max_frame_bytes};
    bool open = true;  // as far as the client knows
    std::int32_t xid = 0;
  };
  static constexpr std::size_t most_clients = 6;

  static const Server& prototype() {
    static const Server server = founded();
    return server;
  }

  void step() {
    switch (input_.pick(12)) {
      case 0:
        return open();
      case 1:
        return send_bytes(false);
      case 2:
        return send_bytes(true);
      case 3:
        return handshake();
      case 4:
      case 5:
      case 6:
        return ask();
      case 7:
        return ask_badly();
      case 8:
        return server_.pass(std::int64_t{10} * input_.byte());
      case 9:
        return server_.hold_disk(input_.flag());
      case 10:
        return leave();
      default:
        return backlog();
    }
  }

  void open() {
    if (clients_.size() >= most_clients) return;
    clients_.emplace_back().id = ++last_id_;
    const char* address = input_.flag() ? "127.0.0.1" : "::1";
    server_.input([&](node::Node& node, Now now) { node.client_opened(now, last_id_, address); });
  }

  Client& client() {
    if (clients_.empty()) open();
    return clients_[input_.pick(clients_.size())];
  }

  void send_bytes(bool framed) {
    Client& from = client();
    const std::string bytes = input_.text();
    send(from, framed ? frame(bytes) : bytes);
  }
  // In one piece, or in pieces of a few bytes.
  void send(Client& client, std::string_view bytes) {
    if (!client.open) return;
    const std::size_t piece = input_.flag() ? bytes.size() + 1 : 1 + input_.pick(16);
    client.talk.sent(bytes);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      given_ += std::min(piece, bytes.size());
      const Budget budget(given_);
      server_.input(
          [&](node::Node& node, Now now) { node.client_bytes(now, client.id, bytes.substr(0, piece)); });
    }
  }

  static std::string frame(const std::string& payload) {
    std::string frame;
    for (unsigned shift = 32; shift > 0; shift -= 8)
      frame += static_cast<char>(payload.size() >> (shift - 8));
    return frame + payload;
  }

  void handshake() {
    Client& from = client();
    wire::ConnectRequest request;
    request.timeout_ms = static_cast<std::int32_t>(input_.number(2));
    request.last_zxid_seen = Zxid{static_cast<std::int64_t>(input_.pick(32))};
    switch (input_.pick(4)) {
      case 0:
        request.session = SessionId{static_cast<std::int64_t>(input_.number(8))};
        request.password = input_.text();
        break;
      case 1: {  // the session of a connection, its own or another
        const wire::ConnectReply& known = client().talk.session();
        request.session = known.session;
        request.password = known.password;
        break;
      }
      default:
        break;
    }
    if (input_.pick(4) != 0) request.read_only = input_.flag();
    if (request.read_only && input_.flag()) request.remember = static_cast<std::int32_t>(input_.pick(4));
    send(from, wire::encode_connect_request(request));
  }

  void ask() {
    Client& from = client();
    const std::int32_t xid = input_.pick(8) == 0 ? from.xid : ++from.xid;
    send(from, wire::encode_request(Xid{xid}, request(input_)));
  }

  // A well-formed request with one place changed, or its end cut off or made longer; the length is right again.
  void ask_badly() {
    Client& from = client();
    std::string payload = wire::encode_request(Xid{++from.xid}, request(input_)).substr(4);
    const std::size_t at = input_.number(2) % payload.size();
    switch (input_.pick(4)) {
      case 0:
        payload[at] = static_cast<char>(input_.byte());
        break;
      case 1:
        payload.resize(at);
        break;
      case 2:
        payload.insert(at, input_.text());
        break;
      default:
        payload.replace(at, 4, "\x7f\xff\xff\xff");
        break;
    }
    send(from, frame(payload));
  }

  void leave() {
    Client& who = client();
    if (who.open) server_.input([&](node::Node& node, Now now) { node.client_closed(now, who.id); });
    forget(who.id);
  }

  void backlog() {
    Client& who = client();
    const std::size_t bytes = std::size_t{1024} * input_.byte();
    if (who.open) server_.input([&](node::Node& node, Now now) { node.client_backlog(now, who.id, bytes); });
  }

  void forget(node::ConnId id) {
    clients_.erase(
        std::remove_if(clients_.begin(), clients_.end(), [id](const Client& c) { return c.id == id; }),
        clients_.end());
  }

  void turn() {
    const Budget budget(given_);
    server_.turn([this](const node::ClientWrite& write) { on_write(write); },
                 [](const node::PeerEnvelope&) { require(false, "a server that is alone talks to nobody"); });
  }

  void on_write(const node::ClientWrite& write) {
    const auto found = std::find_if(clients_.begin(), clients_.end(),
                                    [&](const Client& c) { return c.id == write.connection; });
    if (found == clients_.end())
      return require(write.bytes.empty() || write.close, "who has gone is told nothing");
    require(found->open, "a connection that was closed is told nothing");
    found->talk.received(write.bytes);
    if (!write.close) return;
    found->open = false;
  }

  Input input_;
  Server server_;
  std::vector<Client> clients_;
  node::ConnId last_id_ = 0;
  std::size_t given_ = 0;
};

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::Port(muster::fuzz::Input(data, size)).run();
  return 0;
}
