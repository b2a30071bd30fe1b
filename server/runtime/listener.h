// Accepts connections. When the process has no file descriptor left, it refuses callers politely instead of
// spinning or going deaf.
#pragma once

#include <functional>
#include <string>

#include "server/config/config.h"
#include "server/runtime/asio.h"

namespace muster::runtime {

// Opens a listening socket. A name is resolved (it blocks); "" means all addresses, IPv4 and IPv6. Throws
// StartError, with `option` in its sentence: no such address, address in use, not permitted.
[[nodiscard]] Acceptor open_listener(asio::io_context& io, const config::Endpoint& endpoint,
                                     const char* option);
// Takes over one that listens already.
[[nodiscard]] Acceptor adopt_listener(asio::io_context& io, int descriptor);

inline constexpr int listen_backlog = 4096;  // the system may lower it

struct Caller {
  std::string address;  // as text; IPv4 as IPv4 also where it came over an IPv6 socket
  std::uint16_t port = 0;
};

class Listener {
 public:
  using OnAccepted = std::function<void(Socket socket, const Caller& caller)>;

  Listener(Acceptor acceptor, OnAccepted on_accepted);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();
  void close();
  [[nodiscard]] std::uint16_t port() const;
  // Another descriptor of the socket that listens, for adopt_listener; -1: there is none.
  [[nodiscard]] int duplicate();

 private:
  void wait();
  void accept_some();
  void refuse_one(int error);
  void pause();

  Acceptor acceptor_;
  OnAccepted on_accepted_;
  Timer pause_;
  int spare_;  // a descriptor to give up when there is none left
};

}  // namespace muster::runtime
