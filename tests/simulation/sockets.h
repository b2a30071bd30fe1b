// The clients' connections: two FIFO byte streams with delay each, closed by either side, or silently dead.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/random.h"
#include "server/node/node.h"
#include "tests/simulation/checks/expiry.h"
#include "tests/simulation/profile.h"
#include "tests/simulation/sim.h"

namespace muster::simulation {

using SocketId = node::ConnId;  // one count for the whole simulation

class ServerEnd {
 public:
  virtual ~ServerEnd() = default;
  [[nodiscard]] virtual bool accepts() const = 0;  // the process is there
  virtual void client_opened(SocketId socket, std::string address) = 0;
  virtual void client_bytes(SocketId socket, std::string bytes) = 0;
  virtual void client_closed(SocketId socket) = 0;
  virtual void client_backlog(SocketId socket,
                              std::size_t bytes) = 0;  // written, and not taken by its kernel
};

class ClientEnd {
 public:
  virtual ~ClientEnd() = default;
  virtual void on_connected(SocketId socket) = 0;
  virtual void on_bytes(SocketId socket, std::string_view bytes) = 0;
  virtual void on_closed(SocketId socket) = 0;  // also: refused
};

class Sockets {
 public:
  Sockets(Loop& loop, const Profile& profile, Expiry& expiry, Random random);
  void add(ServerEnd& end) { servers_.push_back(&end); }

  // Clients
  SocketId open(ClientEnd& client, int server);
  void send(SocketId socket, std::string bytes);
  void close(SocketId socket);    // the server hears of it
  void abandon(SocketId socket);  // the client is gone; the server does not hear of it for long

  // Servers
  void write(int server, const node::ClientWrite& write);
  void host_down(int server);

  // A fault: some connection breaks for both, or goes silent.
  void break_any();
  // Another: some client takes nothing off its connection for a while.
  void stop_any_reading(Random& random, std::int64_t for_us);

 private:
  struct Socket {
    ClientEnd* client = nullptr;  // null: closed by it
    int server = 0;
    bool at_server = false;  // its process has it open
    bool silent = false;     // nothing passes any more
    bool reading = true;
    std::vector<std::string> unread;
    std::string last_sent;  // to the server
    std::int64_t last_to_server_us = 0, last_to_client_us = 0;
    std::int64_t reads_again_us = 0;
    std::size_t backlog = 0;  // at the server, meanwhile
  };

  Socket* find(SocketId id);
  SocketId any(Random& random) const;
  void tell_backlog(SocketId id);
  void to_server(SocketId id, std::function<void(Socket&)> action);
  void to_client(SocketId id, std::function<void(Socket&)> action);
  void deliver(SocketId id, Socket& socket, std::string bytes);
  void close_at_server(SocketId id, Socket& socket);
  void close_at_client(SocketId id, Socket& socket);
  void forget_if_done(SocketId id);

  Loop& loop_;
  const Profile& profile_;
  Expiry& expiry_;
  Random random_;
  std::vector<ServerEnd*> servers_;
  std::map<SocketId, Socket> sockets_;
  SocketId last_id_ = 0;
};

}  // namespace muster::simulation
