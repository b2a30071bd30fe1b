#include "server/runtime/peer_dialer.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <utility>
#include <vector>

namespace muster::runtime {
namespace {

constexpr auto kFirstBackOff = std::chrono::milliseconds(50);
constexpr auto kLongestBackOff = std::chrono::milliseconds(1000);
constexpr auto kPatience = std::chrono::milliseconds(2000);  // for a name and a connection

}  // namespace

PeerDialer::PeerDialer(asio::io_context& io, config::Endpoint endpoint, OnConnected on_connected)
    : endpoint_(std::move(endpoint)),
      on_connected_(std::move(on_connected)),
      resolver_(io),
      socket_(io),
      pause_(io),
      patience_(io),
      back_off_(kFirstBackOff) {}

void PeerDialer::dial() {
  if (closed_) return;
  patience_.expires_after(kPatience);
  patience_.async_wait([this](const error_code& error) {
    if (error) return;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
  });
  error_code error;
  const auto address = asio::ip::make_address(endpoint_.host, error);
  if (!error) return connect({tcp::endpoint(address, endpoint_.port)});
  resolver_.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                          [this](const error_code& failed, const Resolver::results_type& results) {
                            if (failed) return retry();
                            connect(std::vector<tcp::endpoint>(results.begin(), results.end()));
                          });
}

void PeerDialer::connect(const std::vector<tcp::endpoint>& endpoints) {
  if (closed_) return;
  asio::async_connect(socket_, endpoints, [this](const error_code& failed, const tcp::endpoint&) {
    if (closed_) return;
    // On loopback a connection to a port where nobody listens can meet itself.
    error_code error;
    if (failed || socket_.local_endpoint(error) == socket_.remote_endpoint(error) || error) return retry();
    patience_.cancel();
    on_connected_(std::move(socket_));
  });
}

void PeerDialer::retry() {
  if (closed_) return;
  patience_.cancel();
  error_code ignored;
  socket_.close(ignored);
  pause_.expires_after(back_off_);
  back_off_ = std::min(back_off_ * 2, Milliseconds(kLongestBackOff));
  pause_.async_wait([this](const error_code& error) {
    if (!error) dial();
  });
}

void PeerDialer::succeeded() { back_off_ = kFirstBackOff; }

void PeerDialer::close() {
  closed_ = true;
  resolver_.cancel();
  pause_.cancel();
  patience_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace muster::runtime
