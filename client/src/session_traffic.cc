// What a session says and hears on one connection.
#include <algorithm>
#include <limits>
#include <utility>

#include "client/src/session.h"
#include "common/mutant.h"

namespace muster::client {
namespace {

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

}  // namespace

// Sending

Xid Session::take_xid() {
  const Xid xid = next_xid_;
  next_xid_ = xid.value == std::numeric_limits<std::int32_t>::max() ? Xid{1} : xid.next();
  return xid;
}

RequestId Session::submit(std::int64_t now, wire::Request request) {
  const bool auth = std::holds_alternative<wire::AuthRequest>(request);
  Pending pending{next_id_++, auth ? Xid{wire::auth_xid} : take_xid(), std::move(request)};
  const RequestId id = pending.id;
  watches_.expected(pending.request);
  const auto* connected = std::get_if<Connected>(&state_);
  if (is_over()) {
    fail(pending, over_because());
  } else if (connected && connected->close_deadline) {
    fail(pending, ErrorCode::closing);
  } else if (requests_.waiting() >= config_.max_waiting) {
    fail(pending, ErrorCode::invalid_state);
  } else {
    requests_.push(std::move(pending));
    send_waiting(now);
  }
  return id;
}

void Session::withdraw(std::int64_t now, RequestId id) {
  if (const auto pending = requests_.withdraw(id)) watches_.retired(pending->request);
  send_removals(now);
}

void Session::drop_watch(std::int64_t now, WatchId id) {
  watches_.drop(id);
  send_removals(now);
}

void Session::send_bytes(std::int64_t now, std::string bytes) {
  std::get<Connected>(state_).last_sent = now;
  if (!actions_.empty()) {
    if (auto* last = std::get_if<Write>(&actions_.back())) {
      last->bytes += bytes;
      return;
    }
  }
  actions_.emplace_back(Write{std::move(bytes)});
}

void Session::send(std::int64_t now, Pending& pending) {
  pending.sent_at = now;
  send_bytes(now, wire::encode_request(pending.xid, pending.request));
}

void Session::send_own_first(std::int64_t now, std::int32_t xid, wire::Request request) {
  Pending pending{0, Xid{xid}, std::move(request)};
  pending.own = true;
  send(now, requests_.launch(std::move(pending)));
}

// Before any request: it may need the identities, and an event precedes what the requests show.
void Session::send_credentials_and_watches(std::int64_t now) {
  for (const Credential& credential : credentials_) {
    send_own_first(now, wire::auth_xid, wire::AuthRequest{0, credential.scheme, credential.auth});
  }
  if (mutant(Mutant::watches_not_set_again)) return;
  for (wire::SetWatchesRequest& request : watches_.requests(last_zxid_)) {
    send_own_first(now, wire::set_watches_xid, std::move(request));
  }
}

void Session::send_waiting(std::int64_t now) {
  const auto* connected = std::get_if<Connected>(&state_);
  if (!connected || connected->leaving || connected->close_deadline) return;
  // A server remembers no more outcomes than it granted, so no more may be in doubt at once.
  std::size_t window = config_.max_in_flight;
  if (connected->remember > 0) window = std::min(window, static_cast<std::size_t>(connected->remember));
  while (Pending* pending = requests_.launch(window)) {
    if (pending->in_doubt && mutant(Mutant::resent_under_new_xid)) pending->xid = take_xid();
    send(now, *pending);
  }
}

// In the order of all else, so that a watch set later is not taken away. Without a connection there is nothing
// to take away.
void Session::send_removals(std::int64_t now) {
  for (wire::WatchesRequest& request : watches_.take_removals()) {
    const auto* connected = std::get_if<Connected>(&state_);
    if (!connected || connected->close_deadline) continue;
    Pending pending{next_id_++, take_xid(), std::move(request)};
    pending.own = true;
    requests_.push(std::move(pending));
  }
  send_waiting(now);
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
  send_removals(now);
  maybe_leave(now);
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
  const bool unasked = reply->read_only.value_or(false) && !config_.read_only;
  if (refused) {
    become_over(ErrorCode::session_expired);
  } else if (unasked) {
    return false;
  } else {
    become_connected(now, *reply);
  }
  return true;
}

bool Session::on_frame(std::string_view payload) {
  auto& connected = std::get<Connected>(state_);
  const auto header = wire::decode_reply_header(payload);
  if (!header) return false;
  if (header->xid.value == wire::notification_xid) return on_event(payload);
  if (header->xid.value == wire::ping_xid) {
    if (connected.ping_sent_at) confirm(*connected.ping_sent_at);
    connected.ping_sent_at.reset();
    failures_ = 0;
    return true;
  }
  return on_reply(*header, payload);
}

bool Session::on_reply(const wire::ReplyHeader& header, std::string_view body) {
  const auto answered = requests_.answered(header.xid);
  if (!answered) return false;
  const Pending& pending = *answered;
  failures_ = 0;
  if (std::get<Connected>(state_).remember == 0) confirm(pending.sent_at);
  const auto* auth = std::get_if<wire::AuthRequest>(&pending.request);
  const bool session_ends =
      header.error == ErrorCode::session_expired || (auth && header.error != ErrorCode::ok);
  if (session_ends) {
    const ErrorCode why = auth ? ErrorCode::auth_failed : header.error;
    fail(pending, why);
    become_over(why);
    return true;
  }
  last_zxid_ = std::max(last_zxid_, header.zxid);
  if (pending.own) return on_own_reply(pending, header.error);
  if (auth) remember_credential(*auth);
  watches_.answered(pending.id, pending.request, header.error, !pending.withdrawn);
  if (header.error != ErrorCode::ok) {
    complete(pending, {header.error, {}});
  } else if (auto decoded = wire::decode_reply_body(wire::type_of(pending.request), body)) {
    complete(pending, {ErrorCode::ok, std::move(*decoded)});
  } else {
    complete(pending, {ErrorCode::marshalling_error, {}});
  }
  return true;
}

bool Session::on_own_reply(const Pending& pending, ErrorCode error) {
  if (std::holds_alternative<wire::CloseSessionRequest>(pending.request)) {
    close_confirmed_ = error == ErrorCode::ok;
    become_over(ErrorCode::closing);
  }
  // Watches must not be lost in silence. That one could not be taken away is no harm: its events are told to nobody.
  return !std::holds_alternative<wire::SetWatchesRequest>(pending.request) || error == ErrorCode::ok;
}

void Session::remember_credential(const wire::AuthRequest& request) {
  const Credential credential{request.scheme.value_or(""), request.auth.value_or("")};
  const bool known = std::any_of(credentials_.begin(), credentials_.end(), [&](const Credential& other) {
    return other.scheme == credential.scheme && other.auth == credential.auth;
  });
  if (!known) credentials_.push_back(credential);
}

bool Session::on_event(std::string_view body) {
  auto event = wire::decode_event(body);
  if (!event) return false;
  const auto type = event_type(event->type);
  if (!type) return false;
  std::vector<WatchId> watches = watches_.fired(event->type, event->path);
  actions_.emplace_back(WatchFired{std::move(watches), {*type, std::move(event->path)}});
  return true;
}

// Telling

// Of a request that has left the queue without an answer.
void Session::fail(const Pending& pending, ErrorCode error) {
  watches_.retired(pending.request);
  complete(pending, {error, {}});
}

void Session::complete(const Pending& pending, wire::Reply reply) {
  if (pending.own || pending.withdrawn) return;
  actions_.emplace_back(Complete{pending.id, std::move(reply)});
}

}  // namespace muster::client
