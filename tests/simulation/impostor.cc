#include "tests/simulation/impostor.h"

#include <fmt/core.h>

#include <utility>

namespace muster::simulation {

void Impostor::try_it(int server, wire::ConnectRequest hello, bool knows_password, std::int64_t stays_us) {
  leave();
  hello_ = std::move(hello);
  knows_password_ = knows_password;
  answered_ = false;
  server_ = server;
  reader_ = wire::FrameReader();
  socket_ = world_.sockets.open(*this, server);
  world_.loop.after(stays_us, [this, socket = socket_] {
    if (socket == socket_) leave();
  });
}

void Impostor::leave() {
  if (const SocketId gone = std::exchange(socket_, 0); gone != 0) world_.sockets.close(gone);
}

void Impostor::on_connected(SocketId socket) {
  if (socket == socket_) world_.sockets.send(socket, wire::encode_connect_request(hello_));
}

void Impostor::on_bytes(SocketId socket, std::string_view bytes) {
  if (socket != socket_ || answered_) return;
  reader_.append(bytes);
  const auto frame = reader_.next();
  if (!frame)
    broken("codec", "an impostor can't cut the server's stream into frames: " + frame.error().message);
  if (!frame.value()) return;
  answered_ = true;
  const auto reply = wire::decode_connect_reply(*frame.value());
  if (!reply) broken("codec", "an impostor can't decode the handshake: " + reply.error().message);
  if (reply->timeout_ms <= 0) return leave();
  if (!knows_password_ || reply->session != hello_.session)
    broken("impostor", fmt::format("server {} gives session {:x} to somebody who asked for {:x} {}",
                                   server_ + 1, static_cast<std::uint64_t>(reply->session.value),
                                   static_cast<std::uint64_t>(hello_.session.value),
                                   knows_password_ ? "with its password" : "without its password"));
  world_.expiry.attached(socket_, reply->session, server_, std::int64_t{reply->timeout_ms} * 1000,
                         world_.loop.now_us());
}

void Impostor::on_closed(SocketId socket) {
  if (socket == socket_) socket_ = 0;
}

}  // namespace muster::simulation
