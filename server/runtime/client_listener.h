// All clients of this server: accepts them, names them, finds them again when the node has something for
// them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/runtime/client_link.h"
#include "server/runtime/listener.h"

namespace muster::runtime {

class ClientListener {
 public:
  // Beyond max_links a caller is hung up on at once: the process needs file descriptors for its log and its
  // peers, too.
  ClientListener(NodeDriver& driver, Acceptor acceptor, Poller& poller, std::size_t max_links);

  void start() { listener_.start(); }
  // Takes no more clients.
  void stop_accepting() { listener_.close(); }
  void close();
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  [[nodiscard]] int duplicate() { return listener_.duplicate(); }

  // What the node wants written; leaves at flush(). A connection that is gone is ignored.
  void write(node::ClientWrite write);
  void flush();
  // Cuts off clients that should have hung up by now.
  void sweep(Now now);

  // For ClientLink.
  void flush_later(ClientLink& link) { to_flush_.push_back(&link); }
  void expect_end(node::ConnId id);
  void forget(node::ConnId id) { links_.erase(id); }

 private:
  void on_accepted(Socket socket, const Caller& caller);

  NodeDriver& driver_;
  Listener listener_;
  Poller& poller_;
  std::size_t max_links_;
  node::ConnId last_id_ = 0;
  std::unordered_map<node::ConnId, std::unique_ptr<ClientLink>> links_;
  std::vector<ClientLink*> to_flush_;
  std::deque<std::pair<std::int64_t, node::ConnId>> ending_;  // until when (mono_ms), in order
};

}  // namespace muster::runtime
