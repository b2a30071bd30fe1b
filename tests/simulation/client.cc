// What a client hears; what it asks is in client_requests.cc, what it holds against the model in
// client_checks.cc.
#include "tests/simulation/client.h"

#include <fmt/core.h>

#include <utility>

namespace muster::simulation {

Client::Client(const ClientWorld& world, int index, Random random)
    : world_(world), index_(index), random_(random), habits_(random.fork(1)) {}

void Client::start() {
  world_.loop.after(random_.between(0, 500'000), [this] { live(); });
}

void Client::live() {
  act();
  const std::int64_t think_us = world_.profile.think_us;
  world_.loop.after(random_.between(think_us / 2, think_us * 3 / 2), [this] { live(); });
}

bool Client::now_and_then(Fault habit, Random& random) {
  const bool taken =
      !calm_ && static_cast<std::int64_t>(random.below(1000)) < world_.profile.rates[habit] * 3;
  if (taken) world_.loop.fault(habit, {index_});
  return taken;
}

void Client::wire_begins(SocketId socket, int server) {
  socket_ = socket;
  server_ = server;
  reader_.emplace();
  welcomed_ = false;
  heard_us_ = world_.loop.now_us();
}

void Client::wire_ends(bool keeps_watches) {
  socket_ = 0;
  keeps_watches ? watches_.connection_lost() : watches_.clear();
  in_flight_.clear();
}

void Client::sent(Request request) {
  world_.loop.note("ask", {index_, server_ + 1, request.xid.value,
                           static_cast<std::int64_t>(wire::type_of(request.request))});
  in_flight_.push_back(std::move(request));
}

void Client::on_bytes(SocketId socket, std::string_view bytes) {
  if (socket != socket_) return;
  heard_us_ = world_.loop.now_us();
  reader_->append(bytes);
  while (socket == socket_) {
    const auto frame = reader_->next();
    if (!frame)
      broken("codec",
             fmt::format("{} can't cut the server's stream into frames: {}", who(), frame.error().message));
    if (!frame.value()) return;
    welcomed_ ? on_frame(*frame.value()) : on_connect_reply(*frame.value());
  }
}

void Client::on_frame(std::string_view payload) {
  const auto header = wire::decode_reply_header(payload);
  if (!header)
    broken("codec", fmt::format("{} can't decode a reply's header: {}", who(), header.error().message));
  switch (header.value().xid.value) {
    case wire::notification_xid:
      return on_event(header.value().zxid, payload);
    case wire::ping_xid:
      see(header.value().zxid);
      return watches_.on_reply(world_.model, header.value().zxid);
    case wire::set_watches_xid:
      see(header.value().zxid);
      return watches_.on_reset(world_.model, header.value().zxid);
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
    if (world_.model.tree().session(session_))
      broken("session-refused", fmt::format("{} was called expired, but its session lives", who()));
    world_.loop.note("expired", {index_, session_.value});
    forget_session();
    return on_refused();
  }
  if (session_ != SessionId{} && reply.session != session_)
    broken("session-refused", fmt::format("{} was given another session", who()));
  welcomed_ = true;
  session_ = reply.session;
  world_.loop.note("client connected", {index_, server_ + 1, session_.value, reply.timeout_ms});
  world_.expiry.attached(socket_, session_, server_, std::int64_t{reply.timeout_ms} * 1000,
                         world_.loop.now_us());
  on_welcome(reply);
}

void Client::on_event(Zxid zxid, std::string_view body) {
  const auto event = wire::decode_event(body);
  if (!event) broken("codec", fmt::format("{} can't decode an event: {}", who(), event.error().message));
  ++counts_.events;
  world_.loop.mark(zxid == Zxid{-1} ? Mark("watch fired by catch-up") : Mark("watch fired"));
  watches_.on_event(world_.model, event.value(), zxid);
  on_watch_event(event.value());
}

void Client::forget_session() {
  session_ = {};
  watches_.clear();
  seen_ = {};
  own_.clear();
}

std::string Client::who() const {
  return fmt::format("client {} (session {:x}, server {})", index_,
                     static_cast<std::uint64_t>(session_.value), server_ + 1);
}

}  // namespace muster::simulation
