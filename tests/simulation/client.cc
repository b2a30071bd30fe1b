// When a client acts and what it hears; what it asks is in client_requests.cc, what it holds against the
// model in client_checks.cc.
#include "tests/simulation/client.h"

#include <fmt/core.h>

#include <utility>

#include "common/check.h"

namespace muster::simulation {

Client::Client(Loop& loop, const Profile& profile, Sockets& sockets, Model& model, Expiry& expiry, int index,
               Random random, std::optional<int> probe)
    : loop_(loop),
      profile_(profile),
      sockets_(sockets),
      model_(model),
      expiry_(expiry),
      index_(index),
      random_(random),
      probe_(probe) {
  remembers_ = random_.chance(static_cast<std::uint64_t>(profile.remember_percent), 100);
  restarts_xids_ =
      !remembers_ && random_.chance(static_cast<std::uint64_t>(profile.restart_xid_percent), 100);
  resets_watches_ = random_.chance(1, 2);
  calm_ = probe.has_value();
}

void Client::start() {
  loop_.after(random_.between(0, 500'000), [this] { act(); });
}

void Client::act() {
  switch (state_) {
    case State::away:
      connect();
      break;
    case State::connecting:
      break;
    case State::connected:
      leave_or_act();
      break;
  }
  loop_.after(random_.between(profile_.think_us / 2, profile_.think_us * 3 / 2), [this] { act(); });
}

void Client::leave_or_act() {
  if (closing_ || silent_) return;
  const auto percent = static_cast<int>(random_.below(1000));
  if (!calm_ && percent < profile_.move_percent * 3) {
    ++counts_.moves;
    disconnect(random_.chance(1, 2));
    connect();
  } else if (!calm_ && percent < (profile_.move_percent + profile_.disconnect_percent) * 3) {
    disconnect(random_.chance(1, 2));
    if (random_.chance(1, 2)) stay_away(random_.between(0, timeout_us_ * 2));
  } else if (!calm_ &&
             percent < (profile_.move_percent + profile_.disconnect_percent + profile_.close_percent) * 3) {
    submit(wire::CloseSessionRequest{}, "");
    closing_ = true;
  } else {
    ask();
  }
}

void Client::stay_away(std::int64_t us) {
  state_ = State::connecting;  // of no socket: act() leaves it alone
  socket_ = 0;
  const std::uint64_t connection = ++connection_;
  loop_.after(us, [this, connection] {
    if (connection == connection_) state_ = State::away;
  });
}

void Client::connect() {
  const std::uint64_t connection = ++connection_;
  server_ = probe_ ? *probe_ : static_cast<int>(random_.below(static_cast<std::uint64_t>(profile_.servers)));
  state_ = State::connecting;
  reader_.emplace();
  asked_us_ = heard_us_ = loop_.now_us();
  closing_ = false;
  socket_ = sockets_.open(*this, server_);
  loop_.after(5'000'000, [this, connection] {
    if (connection == connection_ && state_ == State::connecting) disconnect(true);
  });
}

void Client::disconnect(bool politely) {
  ++connection_;
  state_ = State::away;
  if (socket_ == 0) return;
  const SocketId socket = std::exchange(socket_, 0);
  loop_.note("client leaves", {index_, server_ + 1});
  politely ? sockets_.close(socket) : sockets_.abandon(socket);
  on_closed(socket);
}

void Client::on_connected(SocketId socket) {
  if (socket != socket_) return;
  wire::ConnectRequest request;
  request.last_zxid_seen = seen_;
  request.timeout_ms = static_cast<std::int32_t>(profile_.tick_ms * random_.between(4, 20));
  request.session = session_;
  request.password = session_ == SessionId{} ? std::string(wire::password_size, '\0') : password_;
  request.read_only = false;
  if (remembers_) request.remember = 100;
  sockets_.send(socket, wire::encode_connect_request(request));
}

void Client::on_closed(SocketId socket) {
  if (socket_ != 0 && socket != socket_) return;
  socket_ = 0;
  ++connection_;
  state_ = State::away;
  resets_watches_ ? watches_.connection_lost() : watches_.clear();
  if (granted_) {
    std::deque<Request> writes;
    for (Request& request : pending_) {
      if (!request.token.empty()) writes.push_back(std::move(request));
    }
    for (Request& request : unanswered_) writes.push_back(std::move(request));
    unanswered_ = std::move(writes);
  }
  const bool was_closing = closing_ && !pending_.empty();
  pending_.clear();
  closing_ = false;
  if (was_closing && random_.chance(1, 2)) forget_session();
}

void Client::on_bytes(SocketId socket, std::string_view bytes) {
  if (socket != socket_) return;
  heard_us_ = loop_.now_us();
  reader_->append(bytes);
  const std::uint64_t connection = connection_;
  while (connection == connection_) {
    const auto frame = reader_->next();
    if (!frame)
      broken("codec",
             fmt::format("{} can't cut the server's stream into frames: {}", who(), frame.error().message));
    if (!frame.value()) return;
    on_frame(*frame.value());
  }
}

void Client::on_frame(std::string_view payload) {
  if (state_ == State::connecting) return on_connect_reply(payload);
  const auto header = wire::decode_reply_header(payload);
  if (!header)
    broken("codec", fmt::format("{} can't decode a reply's header: {}", who(), header.error().message));
  switch (header.value().xid.value) {
    case wire::notification_xid:
      return on_event(header.value().zxid, payload);
    case wire::ping_xid:
      see(header.value().zxid);
      return watches_.on_reply(model_, header.value().zxid);
    case wire::set_watches_xid:
      see(header.value().zxid);
      return watches_.on_reset(model_, header.value().zxid);
    default:
      return on_reply(header.value(), payload);
  }
}

void Client::on_connect_reply(std::string_view payload) {
  const auto decoded = wire::decode_connect_reply(payload);
  if (!decoded)
    broken("codec", fmt::format("{} can't decode the handshake: {}", who(), decoded.error().message));
  const wire::ConnectReply& reply = decoded.value();
  if (reply.timeout_ms <= 0) {
    if (session_ == SessionId{})
      broken("session-refused", fmt::format("{} asked for a new session and was called expired", who()));
    if (model_.tree().session(session_))
      broken("session-refused", fmt::format("{} was called expired, but its session lives", who()));
    ++counts_.expired;
    loop_.note("expired", {index_, session_.value});
    forget_session();
    return disconnect(true);
  }
  if (session_ != SessionId{} && reply.session != session_)
    broken("session-refused", fmt::format("{} was given another session", who()));
  if (session_ == SessionId{}) ++counts_.sessions;
  if (restarts_xids_) last_xid_ = Xid{};
  state_ = State::connected;
  session_ = reply.session;
  password_ = reply.password;
  timeout_us_ = std::int64_t{reply.timeout_ms} * 1000;
  granted_ = remembers_ && reply.remember.value_or(0) > 0;
  asked_us_ = loop_.now_us();
  loop_.note("client connected", {index_, server_ + 1, session_.value, reply.timeout_ms});
  expiry_.attached(socket_, session_, server_, timeout_us_, loop_.now_us());
  keep_alive(connection_);
  if (watches_.size() > 0) set_watches_again();
  std::deque<Request> again = std::exchange(unanswered_, {});
  if (!granted_) again.clear();
  for (Request& request : again) {
    request.committed_when_resent = model_.applied();
    ++counts_.resent;
    transmit(std::move(request));
  }
}

// As stock clients do after a reconnect, before anything else.
void Client::set_watches_again() {
  ++counts_.resets;
  wire::SetWatchesRequest request = watches_.begin_reset(model_, seen_);
  sockets_.send(socket_, wire::encode_request(Xid{wire::set_watches_xid}, request));
}

// Pings when it has nothing to say, and gives a connection up that has nothing to say to it.
void Client::keep_alive(std::uint64_t connection) {
  loop_.after(timeout_us_ / 8, [this, connection] {
    if (connection != connection_) return;
    if (loop_.now_us() - heard_us_ > timeout_us_ * 2 / 3) return disconnect(random_.chance(1, 2));
    if (loop_.now_us() - asked_us_ > timeout_us_ / 6) {
      asked_us_ = loop_.now_us();
      sockets_.send(socket_, wire::encode_request(Xid{wire::ping_xid}, wire::PingRequest{}));
    }
    keep_alive(connection);
  });
}

void Client::on_event(Zxid zxid, std::string_view body) {
  const auto event = wire::decode_event(body);
  if (!event) broken("codec", fmt::format("{} can't decode an event: {}", who(), event.error().message));
  ++counts_.events;
  watches_.on_event(model_, event.value(), zxid);
}

void Client::forget_session() {
  session_ = {};
  password_.clear();
  watches_.clear();
  seen_ = {};
  granted_ = false;
  unanswered_.clear();
  own_.clear();
}

std::string Client::who() const {
  return fmt::format("client {} (session {:x}, server {})", index_,
                     static_cast<std::uint64_t>(session_.value), server_ + 1);
}

}  // namespace muster::simulation
