// The links to all other servers. Of each pair the one with the greater id calls. A newer connection of the
// same server takes the older one's place: the older one's end may just not have arrived.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "server/config/config.h"
#include "server/runtime/line_budget.h"
#include "server/runtime/listener.h"
#include "server/runtime/node_driver.h"
#include "server/runtime/peer_dialer.h"
#include "server/runtime/peer_link.h"

namespace muster::runtime {

class PeerMesh final : public PeerLinkOwner {
 public:
  PeerMesh(asio::io_context& io, NodeDriver& driver, const config::Config& config, Acceptor acceptor,
           Poller& poller);

  void start();
  void close();
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  [[nodiscard]] int duplicate() { return listener_.duplicate(); }

  // Leaves at flush(). For a link that is gone: dropped, as links do.
  void send(const node::PeerEnvelope& envelope);
  void flush();

  void on_introduced(PeerLink& link) override;
  void on_message(PeerLink& link, const node::PeerMessage& message) override;
  void on_lost(PeerLink& link, std::string_view why) override;

 private:
  struct Neighbour {
    std::unique_ptr<PeerDialer> dialer;  // if it is ours to call
    std::shared_ptr<PeerLink> link;      // introduced
    std::string refusal;                 // last logged: a server that calls again each second is not news
  };

  void add_stranger(const std::string& caller, Handshake handshake, Socket socket);
  std::shared_ptr<PeerLink> take_stranger(PeerLink& link);
  void set_options(Socket& socket) const;
  void log_refusal(const PeerLink& link, std::string_view why);

  NodeDriver& driver_;
  Acquaintances known_;
  std::int64_t silence_ms_;  // unacknowledged bytes for so long: the connection is dead
  Listener listener_;
  Poller& poller_;
  std::map<ServerId, Neighbour> neighbours_;
  std::list<std::shared_ptr<PeerLink>> strangers_;  // not yet introduced, oldest first
  std::string stranger_refusal_;
  LineBudget refusal_lines_;  // anybody can make them
  broadcast::LinkId last_link_ = 0;
};

}  // namespace muster::runtime
