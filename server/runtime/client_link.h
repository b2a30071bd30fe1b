// One client's connection: its bytes to the node, the node's bytes to it.
#pragma once

#include <cstdint>
#include <memory>

#include "server/node/node.h"
#include "server/runtime/node_driver.h"
#include "server/runtime/stream.h"

namespace muster::runtime {

class ClientListener;

class ClientLink final : public StreamOwner {
 public:
  ClientLink(ClientListener& listener, NodeDriver& driver, node::ConnId id, Socket socket, Poller& poller);
  ~ClientLink() { stream_->close(); }
  ClientLink(const ClientLink&) = delete;
  ClientLink& operator=(const ClientLink&) = delete;

  void start() { stream_->set_reading(true); }
  // Leaves at flush().
  void write(node::ClientWrite write);
  void flush();

  void on_bytes(std::string_view bytes) override;
  void on_broken(std::string_view why) override;
  void on_sent() override;

 private:
  // The node has closed it (finishing); then all its bytes have left, and its client is expected to hang up
  // (ended). Closing at once would lose those bytes if the client had sent something that nobody read.
  enum class State : std::uint8_t { open, finishing, ended };

  ClientListener& listener_;
  NodeDriver& driver_;
  node::ConnId id_;
  std::shared_ptr<Stream> stream_;
  State state_ = State::open;
  bool to_flush_ = false;
  std::size_t reported_ = 0;  // of the backlog
};

}  // namespace muster::runtime
