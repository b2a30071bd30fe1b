#include "server/runtime/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "server/runtime/logging.h"
#include "server/runtime/server.h"

namespace muster::runtime {
namespace {

constexpr int kAcceptedAtOnce = 64;  // then others get their turn
constexpr auto kPause = std::chrono::milliseconds(100);

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

tcp::endpoint resolve(asio::io_context& io, const config::Endpoint& endpoint, const char* option) {
  error_code error;
  const std::string& host = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  if (const auto address = asio::ip::make_address(host, error); !error) return {address, endpoint.port};
  Resolver resolver(io);
  const auto found = resolver.resolve(host, std::to_string(endpoint.port), error);
  if (error || found.empty()) {
    throw StartError(fmt::format("{} {}: no address is known for this name", option, to_string(endpoint)));
  }
  return *found.begin();
}

Acceptor listen_on(asio::io_context& io, const tcp::endpoint& endpoint, bool both, error_code& error) {
  Acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error && both) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(listen_backlog, error);
  return acceptor;
}

Caller caller_at(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  in_port_t port = 0;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    port = v4.sin_port;
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else {
    port = reinterpret_cast<const sockaddr_in6&>(address).sin6_port;
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &v6, text, sizeof text);
    }
  }
  return {text, ntohs(port)};
}

}  // namespace

Acceptor open_listener(asio::io_context& io, const config::Endpoint& endpoint, const char* option) {
  error_code error;
  if (endpoint.host.empty()) {
    auto acceptor = listen_on(io, {tcp::v6(), endpoint.port}, true, error);
    if (!error) return acceptor;
    if (error != asio::error::address_in_use) {
      acceptor = listen_on(io, {tcp::v4(), endpoint.port}, false, error);  // a machine without IPv6
      if (!error) return acceptor;
    }
  } else {
    auto acceptor = listen_on(io, resolve(io, endpoint, option), false, error);
    if (!error) return acceptor;
  }
  const std::string where =
      endpoint.host.empty() ? fmt::format("port {}", endpoint.port) : to_string(endpoint);
  if (error == asio::error::address_in_use) {
    throw StartError(
        fmt::format("{} {} is in use: another program, or another musterd, listens there", option, where));
  }
  throw StartError(fmt::format("{} {}: cannot listen: {}", option, where, error.message()));
}

Acceptor adopt_listener(asio::io_context& io, int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw StartError("the socket handed over is none");
  }
  return {io, address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor};
}

Listener::Listener(Acceptor acceptor, OnAccepted on_accepted)
    : acceptor_(std::move(acceptor)),
      on_accepted_(std::move(on_accepted)),
      pause_(acceptor_.get_executor()),
      spare_(open_spare()) {
  error_code ignored;  // one that is not open never accepts: a server alone has no peers
  acceptor_.native_non_blocking(true, ignored);
}

Listener::~Listener() {
  if (spare_ >= 0) ::close(spare_);
}

void Listener::start() { wait(); }

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

int Listener::duplicate() {
  return acceptor_.is_open() ? ::fcntl(acceptor_.native_handle(), F_DUPFD_CLOEXEC, 0) : -1;
}

std::uint16_t Listener::port() const {
  error_code error;
  return acceptor_.local_endpoint(error).port();
}

void Listener::wait() {
  acceptor_.async_wait(Acceptor::wait_read, [this](const error_code& error) {
    if (error || !acceptor_.is_open()) return;
    accept_some();
  });
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Socket socket(acceptor_.get_executor());
      error_code error;
      socket.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, error);
      if (error) {
        ::close(fd);
        continue;
      }
      on_accepted_(std::move(socket), caller_at(address));
      if (!acceptor_.is_open()) return;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      refuse_one(errno);
      return pause();
    }
    // Anything else concerns only the one that called (ECONNABORTED and what the network had to say).
  }
  wait();
}

void Listener::refuse_one(int error) {
  log::warn(fmt::format("a connection is refused: {}", std::strerror(error)));
  if (spare_ < 0) return;
  ::close(spare_);
  const int fd = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  spare_ = open_spare();
}

void Listener::pause() {
  pause_.expires_after(kPause);
  pause_.async_wait([this](const error_code& error) {
    if (!error && acceptor_.is_open()) wait();
  });
}

}  // namespace muster::runtime
