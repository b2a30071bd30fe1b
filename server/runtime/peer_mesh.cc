#include "server/runtime/peer_mesh.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "server/runtime/crypto.h"
#include "server/runtime/logging.h"

namespace muster::runtime {
namespace {

constexpr std::size_t kMaxStrangers = 64;  // one more, and the oldest is cut off
constexpr int kRefusalLines = 20;          // in the log at once, then one a second

void set_option(Socket& socket, int level, int name, int value) {
  ::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
}

}  // namespace

PeerMesh::PeerMesh(asio::io_context& io, NodeDriver& driver, const config::Config& config, Acceptor acceptor,
                   Poller& poller)
    : driver_(driver),
      known_{config.server_id, {}, config.secret},
      silence_ms_(std::max<std::int64_t>(2000, 4 * config.election_timeout_ms)),
      listener_(std::move(acceptor),
                [this](Socket socket, const Caller& caller) {
                  add_stranger(caller.address, Handshake::accepting(known_, random_bytes(nonce_size)),
                               std::move(socket));
                }),
      poller_(poller),
      refusal_lines_(kRefusalLines) {
  for (const auto& server : config.servers) {
    known_.servers.push_back(server.id);
    if (server.id == config.server_id) continue;
    Neighbour& neighbour = neighbours_[server.id];
    if (config.server_id < server.id) continue;
    neighbour.dialer = std::make_unique<PeerDialer>(io, server.peer, [this, id = server.id](Socket socket) {
      add_stranger("", Handshake::dialing(known_, id, random_bytes(nonce_size)), std::move(socket));
    });
  }
}

void PeerMesh::start() {
  listener_.start();
  for (auto& [id, neighbour] : neighbours_) {
    if (neighbour.dialer) neighbour.dialer->dial();
  }
}

void PeerMesh::close() {
  listener_.close();
  for (auto& [id, neighbour] : neighbours_) {
    if (neighbour.dialer) neighbour.dialer->close();
    if (neighbour.link) neighbour.link->close();
    neighbour.link.reset();
  }
  for (auto& stranger : strangers_) stranger->close();
  strangers_.clear();
}

void PeerMesh::set_options(Socket& socket) const {
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(silence_ms_));
}

void PeerMesh::add_stranger(const std::string& caller, Handshake handshake, Socket socket) {
  if (strangers_.size() >= kMaxStrangers) {
    const auto oldest = strangers_.front();
    oldest->close();
    on_lost(*oldest, "others want to introduce themselves");
  }
  set_options(socket);
  strangers_.push_back(
      std::make_shared<PeerLink>(*this, caller, std::move(handshake), std::move(socket), poller_));
  strangers_.back()->start();
}

std::shared_ptr<PeerLink> PeerMesh::take_stranger(PeerLink& link) {
  const auto found = std::find_if(strangers_.begin(), strangers_.end(),
                                  [&](const auto& stranger) { return stranger.get() == &link; });
  if (found == strangers_.end()) return nullptr;
  auto taken = std::move(*found);
  strangers_.erase(found);
  return taken;
}

void PeerMesh::on_introduced(PeerLink& link) {
  Neighbour& neighbour = neighbours_.at(link.other());
  if (const auto older = neighbour.link) {
    older->close();
    on_lost(*older, "a newer connection takes its place");
  }
  neighbour.link = take_stranger(link);
  CHECK(neighbour.link != nullptr, "a link is introduced once");
  neighbour.refusal.clear();
  if (neighbour.dialer) neighbour.dialer->succeeded();
  link.id = ++last_link_;
  log::info(fmt::format("server {} is connected", link.other().value));
  driver_.input([&](node::Node& node, Now now) { node.peer_up(now, link.other(), link.id); });
}

void PeerMesh::on_message(PeerLink& link, const node::PeerMessage& message) {
  driver_.input([&](node::Node& node, Now now) { node.peer_message(now, link.other(), link.id, message); });
}

void PeerMesh::on_lost(PeerLink& link, std::string_view why) {
  const auto found = neighbours_.find(link.other());
  Neighbour* neighbour = found == neighbours_.end() ? nullptr : &found->second;
  if (link.introduced()) {
    log::info(fmt::format("server {} is disconnected: {}", link.other().value, why));
    driver_.input([&](node::Node& node, Now now) { node.peer_down(now, link.other(), link.id); });
    if (neighbour->link.get() == &link) neighbour->link.reset();
  } else {
    log_refusal(link, why);
    (void)take_stranger(link);
  }
  if (link.dialed() && neighbour != nullptr) neighbour->dialer->retry();
}

void PeerMesh::log_refusal(const PeerLink& link, std::string_view why) {
  const auto found = neighbours_.find(link.other());
  std::string& last = found == neighbours_.end() ? stranger_refusal_ : found->second.refusal;
  if (last == why || !refusal_lines_.take(NodeDriver::now().mono_ms)) return;
  last = why;
  const std::string who = link.other().value == 0
                              ? fmt::format("a stranger on the peer port ({})", link.caller())
                              : fmt::format("server {}", link.other().value);
  log::warn(fmt::format("no link to {}: {}", who, why));
}

void PeerMesh::send(const node::PeerEnvelope& envelope) {
  const auto found = neighbours_.find(envelope.to);
  if (found == neighbours_.end()) return;
  const auto& link = found->second.link;
  if (link && link->id == envelope.link) link->send(envelope.message);
}

void PeerMesh::flush() {
  for (auto& [id, neighbour] : neighbours_) {
    if (const auto link = neighbour.link) link->flush();
  }
}

}  // namespace muster::runtime
