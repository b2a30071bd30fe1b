// Somebody who shows a session's password while its client is connected: a hello that was long under way, or one who guesses.
//   impostor   a session is given to somebody who does not know its password
#pragma once

#include "tests/simulation/client.h"

namespace muster::simulation {

class Impostor : public ClientEnd {
 public:
  explicit Impostor(const ClientWorld& world) : world_(world) {}

  // One at a time; who is still there goes first. Leaves after so long.
  void try_it(int server, wire::ConnectRequest hello, bool knows_password, std::int64_t stays_us);

  void on_connected(SocketId socket) override;
  void on_bytes(SocketId socket, std::string_view bytes) override;
  void on_closed(SocketId socket) override;

 private:
  void leave();

  ClientWorld world_;
  SocketId socket_ = 0;  // 0: none
  int server_ = 0;
  wire::ConnectRequest hello_;
  bool knows_password_ = false, answered_ = false;
  wire::FrameReader reader_;
};

}  // namespace muster::simulation
