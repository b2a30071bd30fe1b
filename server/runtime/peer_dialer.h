// Calls one other server until it answers: 50 ms after a failure, then twice as long each time, up to a
// second. Its name is looked up anew each time.
#pragma once

#include <chrono>
#include <functional>

#include "server/config/config.h"
#include "server/runtime/asio.h"

namespace muster::runtime {

class PeerDialer {
 public:
  using OnConnected = std::function<void(Socket socket)>;

  PeerDialer(asio::io_context& io, config::Endpoint endpoint, OnConnected on_connected);

  void dial();       // now
  void retry();      // the last connection was of no use or has broken
  void succeeded();  // the other side is who it should be: the next failure is a first one
  void close();

 private:
  using Milliseconds = std::chrono::milliseconds;
  void connect(const std::vector<tcp::endpoint>& endpoints);

  config::Endpoint endpoint_;
  OnConnected on_connected_;
  Resolver resolver_;
  Socket socket_;
  Timer pause_, patience_;
  Milliseconds back_off_;
  bool closed_ = false;
};

}  // namespace muster::runtime
