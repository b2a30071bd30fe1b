#include "tests/simulation/stock_client.h"

#include <limits>
#include <utility>

namespace muster::simulation {

StockClient::StockClient(const ClientWorld& world, int index, Random random, std::optional<int> probe)
    : Client(world, index, random), probe_(probe), impostor_(world) {
  restarts_xids_ = random_.chance(static_cast<std::uint64_t>(world.profile.restart_xid_percent), 100);
  resets_watches_ = random_.chance(1, 2);
  if (probe) {
    calm_down();
    kind_ = 'p';
    simple_ = true;
  }
}

void StockClient::act() {
  if (state_ == State::away) connect();
  if (state_ == State::connected) leave_or_ask();
}

void StockClient::leave_or_ask() {
  if (closing_ || silent_) return;
  if (now_and_then(Fault::second_hello, habits_)) let_another_try();
  if (now_and_then(Fault::client_moves)) {
    ++counts_.moves;
    disconnect(random_.chance(1, 2));
    connect();
  } else if (now_and_then(Fault::client_leaves)) {
    disconnect(random_.chance(1, 2));
    if (random_.chance(1, 2)) stay_away(away_us());
  } else if (now_and_then(Fault::client_closes)) {
    submit(wire::CloseSessionRequest{}, "");
    closing_ = true;
  } else {
    ask();
  }
}

std::int64_t StockClient::away_us() {
  const std::int64_t dawdles = world_.profile.rates[Fault::client_dawdles];
  if (dawdles == 0 || !random_.chance(static_cast<std::uint64_t>(dawdles), 100))
    return random_.between(0, timeout_us_ * 2);
  world_.loop.fault(Fault::client_dawdles, {index_});
  return random_.between(timeout_us_, timeout_us_ * 6 / 5);
}

void StockClient::stay_away(std::int64_t us) {
  state_ = State::connecting;  // of no socket: act() leaves it alone
  const std::uint64_t connection = ++connection_;
  world_.loop.after(us, [this, connection] {
    if (connection == connection_) state_ = State::away;
  });
}

void StockClient::connect() {
  const std::uint64_t connection = ++connection_;
  const int server =
      probe_ ? *probe_ : static_cast<int>(random_.below(static_cast<std::uint64_t>(world_.profile.servers)));
  state_ = State::connecting;
  asked_us_ = world_.loop.now_us();
  closing_ = false;
  wire_begins(world_.sockets.open(*this, server), server);
  world_.loop.after(5'000'000, [this, connection] {
    if (connection == connection_ && state_ == State::connecting) disconnect(true);
  });
}

void StockClient::disconnect(bool politely) {
  if (socket_ != 0) {
    world_.loop.note("client leaves", {index_, server_ + 1});
    politely ? world_.sockets.close(socket_) : world_.sockets.abandon(socket_);
  }
  on_closed(socket_);
}

void StockClient::on_connected(SocketId socket) {
  if (socket != socket_) return;
  wire::ConnectRequest request;
  request.last_zxid_seen = seen_;
  request.timeout_ms = static_cast<std::int32_t>(world_.profile.tick_ms *
                                                 random_.between(world_.profile.least_timeout_ticks, 20));
  request.session = session_;
  request.password = session_ == SessionId{} ? std::string(wire::password_size, '\0') : password_;
  request.read_only = false;
  world_.sockets.send(socket, wire::encode_connect_request(request));
}

void StockClient::on_closed(SocketId socket) {
  if (socket != socket_) return;
  ++connection_;
  state_ = State::away;
  const bool was_closing = closing_ && !in_flight_.empty();
  wire_ends(resets_watches_);
  closing_ = false;
  if (was_closing && random_.chance(1, 2)) forget_session();
}

void StockClient::on_refused() { disconnect(true); }

void StockClient::on_welcome(const wire::ConnectReply& reply) {
  if (restarts_xids_) last_xid_ = Xid{};
  constexpr std::int32_t greatest = std::numeric_limits<std::int32_t>::max();
  if (random_.chance(static_cast<std::uint64_t>(world_.profile.rates[Fault::xid_wrap]), 100)) {
    world_.loop.fault(Fault::xid_wrap, {index_});
    last_xid_ = Xid{greatest - static_cast<std::int32_t>(random_.below(20))};
  }
  state_ = State::connected;
  password_ = reply.password;
  timeout_us_ = std::int64_t{reply.timeout_ms} * 1000;
  asked_us_ = world_.loop.now_us();
  keep_alive(connection_);
  if (watches_.size() == 0) return;
  // Before anything else is asked.
  world_.sockets.send(
      socket_, wire::encode_request(Xid{wire::set_watches_xid}, watches_.begin_reset(world_.model, seen_)));
}

// Pings when it has nothing to say, and gives a connection up that has nothing to say to it.
void StockClient::let_another_try() {
  if (session_ == SessionId{}) return;
  std::string password = password_;
  if (habits_.chance(1, 2)) {
    char& victim = password[habits_.below(password.size())];
    victim = static_cast<char>(victim ^ 1 << habits_.below(8));
  }
  const auto server = static_cast<int>(habits_.below(static_cast<std::uint64_t>(world_.profile.servers)));
  const bool right = password == password_;
  impostor_.try_it(server,
                   {0, Zxid{}, static_cast<std::int32_t>(timeout_us_ / 1000), session_, password, false, {}},
                   right, habits_.between(1000, timeout_us_));
}

void StockClient::keep_alive(std::uint64_t connection) {
  world_.loop.after(timeout_us_ / 8, [this, connection] {
    if (connection != connection_) return;
    const std::int64_t now_us = world_.loop.now_us();
    if (now_us - heard_us_ > timeout_us_ * 2 / 3) return disconnect(random_.chance(1, 2));
    if (now_us - asked_us_ > timeout_us_ / 6) {
      asked_us_ = now_us;
      world_.sockets.send(socket_, wire::encode_request(Xid{wire::ping_xid}, wire::PingRequest{}));
    }
    keep_alive(connection);
  });
}

void StockClient::submit(wire::Request request, std::string token) {
  if (!token.empty()) world_.model.sent(token);
  asked_us_ = world_.loop.now_us();
  // As ZooKeeper's own client goes on.
  last_xid_ = last_xid_.value == std::numeric_limits<std::int32_t>::max() ? Xid{1} : last_xid_.next();
  world_.sockets.send(socket_, wire::encode_request(last_xid_, request));
  sent({last_xid_, std::move(request), std::move(token), world_.model.applied(), Zxid{}});
}

}  // namespace muster::simulation
