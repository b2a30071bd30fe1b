#include "client/src/session.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "common/check.h"
#include "common/mutant.h"

namespace muster::client {
namespace {

constexpr std::int64_t min_attempt_ms = 200;
constexpr std::int64_t max_close_ms = 2'000;

// A request that must not be done twice.
bool is_write(const wire::Request& request) {
  switch (wire::type_of(request)) {
    case wire::OpCode::create:
    case wire::OpCode::create2:
    case wire::OpCode::create_container:
    case wire::OpCode::create_ttl:
    case wire::OpCode::remove:
    case wire::OpCode::set_data:
    case wire::OpCode::set_acl:
    case wire::OpCode::multi:
    case wire::OpCode::reconfig:
      return true;
    default:
      return false;
  }
}

bool is_close(const wire::Request& request) {
  return std::holds_alternative<wire::CloseSessionRequest>(request);
}

std::optional<EventType> event_type(wire::EventType type) {
  switch (type) {
    case wire::EventType::node_created:
      return EventType::node_created;
    case wire::EventType::node_deleted:
      return EventType::node_deleted;
    case wire::EventType::node_data_changed:
      return EventType::data_changed;
    case wire::EventType::node_children_changed:
      return EventType::children_changed;
  }
  return std::nullopt;
}

Xid after(Xid xid) { return xid.value == std::numeric_limits<std::int32_t>::max() ? Xid{1} : xid.next(); }

}  // namespace

Session::Session(const SessionConfig& config, Random random, std::int64_t now)
    : config_(config), random_(random), born_at_(now), timeout_ms_(config.timeout_ms), state_(Resting{now}) {
  CHECK(config.hosts > 0 && config.timeout_ms > 0 && config.max_in_flight > 0,
        "a session needs a server and time");
  for (std::size_t host = 0; host < config.hosts; ++host) {
    order_.push_back(host);
    std::swap(order_.back(), order_[random_.below(order_.size())]);
  }
}

std::int64_t Session::attempt_ms() const {
  return std::max(min_attempt_ms, timeout_ms_ / static_cast<std::int64_t>(config_.hosts));
}

// Connecting and losing

void Session::attempt(std::int64_t now) {
  state_ = Connecting{now + attempt_ms()};
  actions_.emplace_back(Connect{order_[next_host_]});
  next_host_ = (next_host_ + 1) % order_.size();
}

void Session::on_connected(std::int64_t now) {
  const auto* connecting = std::get_if<Connecting>(&state_);
  if (!connecting) return;
  wire::ConnectRequest request{0, last_zxid_, config_.timeout_ms, id_, password_, false, {}};
  if (config_.remember > 0) request.remember = config_.remember;
  state_ = Handshaking{connecting->deadline, now, wire::FrameReader(config_.max_reply_bytes)};
  actions_.emplace_back(Write{wire::encode_connect_request(request)});
}

void Session::on_lost(std::int64_t now) {
  if (is_over() || std::holds_alternative<Resting>(state_)) return;
  lose(now);
}

void Session::drop(std::int64_t now) {
  actions_.emplace_back(Disconnect{});
  lose(now);
}

void Session::lose(std::int64_t now) {
  if (const auto* connected = std::get_if<Connected>(&state_)) {
    if (connected->close_deadline) return become_over(ErrorCode::closing);
    keep_or_fail_in_flight(connected->remember > 0);
    notify(EventType::disconnected);
  }
  ++failures_;
  if (failures_ % config_.hosts != 0) return attempt(now);  // another host has not been tried in this round
  const std::size_t round = std::min<std::size_t>(failures_ / config_.hosts - 1, 20);
  const std::int64_t rest = std::min(config_.min_rest_ms << round, config_.max_rest_ms);
  state_ = Resting{now + random_.between(rest / 2, rest)};
}

// What was in flight waits again, in its order, in front of what was waiting. A write can only be sent again
// if the connection that may have delivered it was one whose server remembers outcomes.
void Session::keep_or_fail_in_flight(bool remembered) {
  std::deque<Pending> kept;
  for (Pending& pending : in_flight_) {
    if (pending.id == 0) continue;
    pending.in_doubt = is_write(pending.request);
    if (pending.in_doubt && !remembered) {
      fail(pending, ErrorCode::connection_loss);
    } else {
      kept.push_back(std::move(pending));
    }
  }
  in_flight_.clear();
  waiting_.insert(waiting_.begin(), std::move_iterator(kept.begin()), std::move_iterator(kept.end()));
}

void Session::become_connected(std::int64_t now, const wire::ConnectReply& reply) {
  auto& handshaking = std::get<Handshaking>(state_);
  id_ = reply.session;
  password_ = reply.password;
  timeout_ms_ = reply.timeout_ms;
  confirmed_at_ = std::max(confirmed_at_, handshaking.sent_at);
  const std::int32_t remember = std::max(reply.remember.value_or(0), 0);
  wire::FrameReader reader = std::move(handshaking.reader);
  state_ = Connected{std::move(reader), now, now, {}, remember, {}};
  notify(EventType::connected);
  if (remember == 0) fail_in_doubt();
  send_watches(now);
  send_waiting(now);
}

// A server that does not remember outcomes would do them a second time.
void Session::fail_in_doubt() {
  for (const Pending& pending : waiting_) {
    if (pending.in_doubt) fail(pending, ErrorCode::connection_loss);
  }
  std::erase_if(waiting_, [](const Pending& pending) { return pending.in_doubt; });
}

// Nothing follows but answers to what is submitted later.
void Session::become_over(ErrorCode why) {
  if (!std::holds_alternative<Resting>(state_)) actions_.emplace_back(Disconnect{});
  state_ = Over{why};
  // A request that was sent and is not answered may have been done, if it was not the session's end that
  // prevented it.
  const ErrorCode sent = why == ErrorCode::closing ? ErrorCode::connection_loss : why;
  for (const Pending& pending : in_flight_) fail(pending, sent);
  for (const Pending& pending : waiting_) fail(pending, pending.in_doubt ? sent : why);
  in_flight_.clear();
  waiting_.clear();
  notify(why == ErrorCode::session_expired ? EventType::expired : EventType::closed);
}

// Sending

RequestId Session::submit(std::int64_t now, wire::Request request) {
  Pending pending{next_id_++, next_xid_, std::move(request), 0, false};
  next_xid_ = after(next_xid_);
  const RequestId id = pending.id;
  const auto* connected = std::get_if<Connected>(&state_);
  if (const auto* over = std::get_if<Over>(&state_)) {
    fail(pending, over->why);
  } else if (connected && connected->close_deadline) {
    fail(pending, ErrorCode::closing);
  } else if (waiting_.size() >= config_.max_waiting) {
    fail(pending, ErrorCode::invalid_state);
  } else {
    waiting_.push_back(std::move(pending));
    send_waiting(now);
  }
  return id;
}

void Session::close(std::int64_t now) {
  if (is_over()) return;
  auto* connected = std::get_if<Connected>(&state_);
  if (!connected) return become_over(ErrorCode::closing);
  if (connected->close_deadline) return;
  for (const Pending& pending : std::exchange(waiting_, {})) {
    fail(pending, pending.in_doubt ? ErrorCode::connection_loss : ErrorCode::closing);
  }
  connected->close_deadline = now + std::min(timeout_ms_, max_close_ms);
  in_flight_.push_back({0, next_xid_, wire::CloseSessionRequest{}, now, false});
  next_xid_ = after(next_xid_);
  send(now, wire::encode_request(in_flight_.back().xid, in_flight_.back().request));
}

void Session::send(std::int64_t now, std::string bytes) {
  std::get<Connected>(state_).last_sent = now;
  if (!actions_.empty()) {
    if (auto* last = std::get_if<Write>(&actions_.back())) {
      last->bytes += bytes;
      return;
    }
  }
  actions_.emplace_back(Write{std::move(bytes)});
}

void Session::send_waiting(std::int64_t now) {
  const auto* connected = std::get_if<Connected>(&state_);
  if (!connected) return;
  // A server remembers no more outcomes than it granted, so no more may be in doubt at once.
  std::size_t limit = config_.max_in_flight;
  if (connected->remember > 0) limit = std::min(limit, static_cast<std::size_t>(connected->remember));
  while (!waiting_.empty() && in_flight_.size() < limit) {
    Pending& pending = in_flight_.emplace_back(std::move(waiting_.front()));
    waiting_.pop_front();
    pending.sent_at = now;
    if (pending.in_doubt && mutant(Mutant::resent_under_new_xid))
      pending.xid = std::exchange(next_xid_, after(next_xid_));
    send(now, wire::encode_request(pending.xid, pending.request));
  }
}

// Before any request, so that an event precedes what the requests show.
void Session::send_watches(std::int64_t now) {
  if (mutant(Mutant::watches_not_set_again)) return;
  for (wire::SetWatchesRequest& request : watches_.requests(last_zxid_)) {
    in_flight_.push_back({0, Xid{wire::set_watches_xid}, std::move(request), now, false});
    send(now, wire::encode_request(in_flight_.back().xid, in_flight_.back().request));
  }
}

// Receiving

void Session::on_bytes(std::int64_t now, std::string_view bytes) {
  if (auto* handshaking = std::get_if<Handshaking>(&state_)) {
    handshaking->reader.append(bytes);
  } else if (auto* connected = std::get_if<Connected>(&state_)) {
    connected->reader.append(bytes);
    connected->last_heard = now;
  } else {
    return;
  }
  read_frames(now);
  send_waiting(now);
}

// A stream that can't be understood is dropped.
void Session::read_frames(std::int64_t now) {
  for (;;) {
    auto* handshaking = std::get_if<Handshaking>(&state_);
    auto* connected = std::get_if<Connected>(&state_);
    if (!handshaking && !connected) return;
    const auto frame = (handshaking ? handshaking->reader : connected->reader).next();
    if (!frame) return drop(now);
    if (!*frame) return;
    if (!(handshaking ? on_handshake(now, **frame) : on_frame(**frame))) return drop(now);
  }
}

bool Session::on_handshake(std::int64_t now, std::string_view payload) {
  const auto reply = wire::decode_connect_reply(payload);
  if (!reply) return false;
  const bool refused = reply->timeout_ms <= 0 || (id_.value != 0 && reply->session != id_);
  if (refused) {
    become_over(ErrorCode::session_expired);
  } else {
    become_connected(now, *reply);
  }
  return true;
}

bool Session::on_frame(std::string_view payload) {
  auto& connected = std::get<Connected>(state_);
  const auto header = wire::decode_reply_header(payload);
  if (!header) return false;
  if (header->xid.value == wire::notification_xid) {
    return on_event(payload);
  }
  if (header->xid.value == wire::ping_xid) {
    if (connected.ping_sent_at) confirmed_at_ = std::max(confirmed_at_, *connected.ping_sent_at);
    connected.ping_sent_at.reset();
    failures_ = 0;
    return true;
  }
  return on_reply(*header, payload);
}

bool Session::on_reply(const wire::ReplyHeader& header, std::string_view body) {
  if (in_flight_.empty() || in_flight_.front().xid != header.xid) return false;
  const bool watches_refused =
      in_flight_.front().xid.value == wire::set_watches_xid && header.error != ErrorCode::ok;
  if (watches_refused) return false;
  const Pending pending = std::move(in_flight_.front());
  in_flight_.pop_front();
  failures_ = 0;
  confirmed_at_ = std::max(confirmed_at_, pending.sent_at);
  if (is_close(pending.request)) {
    become_over(ErrorCode::closing);
    return true;
  }
  if (header.error == ErrorCode::session_expired) {
    if (pending.id != 0) fail(pending, header.error);
    become_over(ErrorCode::session_expired);
    return true;
  }
  last_zxid_ = std::max(last_zxid_, header.zxid);
  watches_.answered(pending.request, header.error);
  if (pending.id == 0) return true;
  if (header.error != ErrorCode::ok) {
    fail(pending, header.error);
  } else if (auto decoded = wire::decode_reply_body(wire::type_of(pending.request), body)) {
    complete(pending.id, {ErrorCode::ok, std::move(*decoded)});
  } else {
    fail(pending, ErrorCode::marshalling_error);
  }
  return true;
}

bool Session::on_event(std::string_view body) {
  auto event = wire::decode_event(body);
  if (!event) return false;
  const auto type = event_type(event->type);
  if (!type) return false;
  watches_.fired(event->type, event->path);
  notify(*type, std::move(event->path));
  return true;
}

// Time

std::optional<std::int64_t> Session::session_deadline() const {
  if (id_.value != 0) return confirmed_at_ + timeout_ms_;
  if (config_.establish_ms > 0) return born_at_ + config_.establish_ms;
  return std::nullopt;
}

void Session::on_tick(std::int64_t now) {
  if (is_over()) return;
  const auto session_end = session_deadline();
  if (session_end && now >= *session_end) {
    return become_over(id_.value != 0 ? ErrorCode::session_expired : ErrorCode::connection_loss);
  }
  if (const auto* resting = std::get_if<Resting>(&state_)) {
    if (now >= resting->until) attempt(now);
  } else if (const auto* connecting = std::get_if<Connecting>(&state_)) {
    if (now >= connecting->deadline) drop(now);
  } else if (const auto* handshaking = std::get_if<Handshaking>(&state_)) {
    if (now >= handshaking->deadline) drop(now);
  } else if (auto* connected = std::get_if<Connected>(&state_)) {
    const bool deaf = now >= connected->last_heard + timeout_ms_ * 2 / 3;
    if (deaf || (connected->close_deadline && now >= *connected->close_deadline)) return drop(now);
    if (!connected->ping_sent_at && now >= connected->last_sent + timeout_ms_ / 3) {
      connected->ping_sent_at = now;
      send(now, wire::encode_request(Xid{wire::ping_xid}, wire::PingRequest{}));
    }
  }
}

std::optional<std::int64_t> Session::next_tick() const {
  if (is_over()) return std::nullopt;
  std::int64_t next = session_deadline().value_or(std::numeric_limits<std::int64_t>::max());
  const auto at_latest = [&](std::int64_t moment) { next = std::min(next, moment); };
  if (const auto* resting = std::get_if<Resting>(&state_)) {
    at_latest(resting->until);
  } else if (const auto* connecting = std::get_if<Connecting>(&state_)) {
    at_latest(connecting->deadline);
  } else if (const auto* handshaking = std::get_if<Handshaking>(&state_)) {
    at_latest(handshaking->deadline);
  } else if (const auto* connected = std::get_if<Connected>(&state_)) {
    at_latest(connected->last_heard + timeout_ms_ * 2 / 3);
    if (connected->close_deadline) at_latest(*connected->close_deadline);
    if (!connected->ping_sent_at) at_latest(connected->last_sent + timeout_ms_ / 3);
  }
  return next;
}

// Telling

std::vector<Action> Session::take_actions() { return std::exchange(actions_, {}); }

void Session::complete(RequestId id, wire::Reply reply) {
  actions_.emplace_back(Complete{id, std::move(reply)});
}

void Session::fail(const Pending& pending, ErrorCode error) {
  if (pending.id != 0) complete(pending.id, {error, {}});
}

void Session::notify(EventType type, std::string path) {
  actions_.emplace_back(Notify{{type, std::move(path)}});
}

}  // namespace muster::client
