#include "client/src/session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/check.h"

namespace muster::client {
namespace {

constexpr std::int64_t min_attempt_ms = 200;
constexpr std::int64_t max_close_ms = 2'000;
// Between two questions for a server with a quorum, as ZooKeeper's client does: doubled from the one to the other.
constexpr std::int64_t min_probe_ms = 100;
constexpr std::int64_t max_probe_ms = 60'000;
constexpr std::size_t max_doublings = 20;  // of the rest; so that the number stays one

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

}  // namespace

Session::Session(const SessionConfig& config, Random random, std::int64_t now)
    : config_(config),
      random_(random),
      hosts_(config.hosts, random.fork(1)),
      born_at_(now),
      timeout_ms_(config.timeout_ms),
      credentials_(config.credentials),
      state_(Resting{now}) {
  CHECK(config.timeout_ms > 0, "a session needs time");
  CHECK(config.max_in_flight > 0, "a session must be able to send");
}

std::int64_t Session::attempt_ms() const {
  return std::max(min_attempt_ms, timeout_ms_ / static_cast<std::int64_t>(hosts_.size()));
}

std::optional<HostId> Session::current_host() const {
  if (const auto* connecting = std::get_if<Connecting>(&state_)) return connecting->host;
  if (const auto* handshaking = std::get_if<Handshaking>(&state_)) return handshaking->host;
  if (const auto* connected = std::get_if<Connected>(&state_)) return connected->host;
  return std::nullopt;
}

SessionState Session::state() const {
  if (const auto* connected = std::get_if<Connected>(&state_)) {
    return connected->search ? SessionState::connected_read_only : SessionState::connected;
  }
  if (!is_over()) return SessionState::connecting;
  switch (over_because()) {
    case ErrorCode::session_expired:
      return SessionState::expired;
    case ErrorCode::auth_failed:
      return SessionState::auth_failed;
    default:
      return SessionState::closed;
  }
}

ErrorCode Session::over_because() const {
  const auto* over = std::get_if<Over>(&state_);
  return over ? over->why : ErrorCode::ok;
}

// Connecting and losing

void Session::attempt(std::int64_t now) {
  const HostId host = hosts_.next();
  state_ = Connecting{host, now + attempt_ms()};
  actions_.emplace_back(Connect{host});
}

void Session::on_connected(std::int64_t now) {
  const auto* connecting = std::get_if<Connecting>(&state_);
  if (!connecting) return;
  wire::ConnectRequest request{0, last_zxid_, config_.timeout_ms, id_, password_, config_.read_only, {}};
  if (config_.remember > 0) request.remember = config_.remember;
  state_ =
      Handshaking{connecting->host, connecting->deadline, now, wire::FrameReader(config_.max_reply_bytes)};
  actions_.emplace_back(Write{wire::encode_connect_request(request)});
}

void Session::become_connected(std::int64_t now, const wire::ConnectReply& reply) {
  auto& handshaking = std::get<Handshaking>(state_);
  const bool read_only = reply.read_only.value_or(false);
  const bool again = id_.value != 0;
  id_ = reply.session;
  password_ = reply.password;
  shared_ = shared_ || !read_only;
  timeout_ms_ = reply.timeout_ms;
  confirm(handshaking.sent_at);
  Connected connected{handshaking.host, std::move(handshaking.reader), now, now, now};
  // A server without a quorum refuses writes, and knows nothing of one that another server may have done.
  if (!read_only) connected.remember = std::max(reply.remember.value_or(0), 0);
  if (read_only) connected.search = Search{min_probe_ms, now + min_probe_ms, {}};
  const bool remembered = connected.remember > 0;
  state_ = std::move(connected);
  tell_state();
  if (!remembered) {
    for (const Pending& pending : requests_.take_in_doubt()) fail(pending, ErrorCode::connection_loss);
  }
  send_credentials_and_watches(now);
  if (again) {
    for (auto& [path, watches] : watches_.streams()) {
      actions_.emplace_back(WatchFired{std::move(watches), {EventType::gap, path}});
    }
  }
  send_waiting(now);
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
    forget_connection();
  }
  ++failures_;
  if (failures_ % hosts_.size() != 0) return attempt(now);  // another host has not been tried in this round
  const std::size_t round = std::min(failures_ / hosts_.size() - 1, max_doublings);
  const std::int64_t rest = std::min(config_.min_rest_ms << round, config_.max_rest_ms);
  state_ = Resting{now + random_.between(rest / 2, rest)};
}

// Of a connection that was one. What it carried is settled; the next state is the caller's.
void Session::forget_connection() {
  const bool remembered = std::get<Connected>(state_).remember > 0;
  for (const Pending& pending : requests_.lose_connection(remembered))
    fail(pending, ErrorCode::connection_loss);
  watches_.forget_server();
  if (!shared_) {
    id_ = {};
    password_.assign(wire::password_size, '\0');
  }
  actions_.emplace_back(StateChanged{SessionState::connecting});
}

// For a better server, and with nothing in doubt.
void Session::maybe_leave(std::int64_t now) {
  const auto* connected = std::get_if<Connected>(&state_);
  if (!connected || !connected->leaving || connected->close_deadline || !requests_.none_in_flight()) return;
  actions_.emplace_back(Disconnect{});
  forget_connection();
  attempt(now);
}

void Session::replace_hosts(std::int64_t now, std::vector<HostId> hosts) {
  if (is_over()) return;
  if (!hosts_.replace(std::move(hosts), current_host())) return;
  if (auto* connected = std::get_if<Connected>(&state_)) {
    connected->leaving = true;
    return maybe_leave(now);
  }
  actions_.emplace_back(Disconnect{});
  attempt(now);
}

void Session::on_probed(std::int64_t now, HostId host, bool read_write) {
  auto* connected = std::get_if<Connected>(&state_);
  if (!connected || !connected->search || connected->search->asking != host) return;
  Search& search = *connected->search;
  search.asking.reset();
  if (!read_write) {
    search.delay = std::min(search.delay * 2, max_probe_ms);
    search.next_at = now + search.delay;
    return;
  }
  search.next_at = never;
  hosts_.prefer(host);
  connected->leaving = true;
  maybe_leave(now);
}

// Nothing follows but answers to what is submitted later.
void Session::become_over(ErrorCode why) {
  if (!std::holds_alternative<Resting>(state_)) actions_.emplace_back(Disconnect{});
  state_ = Over{why};
  // A request that was sent and is not answered may have been done, if it was not the session's end that
  // prevented it.
  const ErrorCode sent = why == ErrorCode::closing ? ErrorCode::connection_loss : why;
  const std::vector<Pending> waiting = requests_.take_waiting();
  for (const Pending& pending : requests_.take_all()) fail(pending, sent);
  for (const Pending& pending : waiting) fail(pending, pending.in_doubt ? sent : why);
  tell_state();
}

void Session::close(std::int64_t now) {
  if (is_over()) return;
  auto* connected = std::get_if<Connected>(&state_);
  if (!connected) return become_over(ErrorCode::closing);
  if (connected->close_deadline) return;
  for (const Pending& pending : requests_.take_waiting()) {
    fail(pending, pending.in_doubt ? ErrorCode::connection_loss : ErrorCode::closing);
  }
  connected->close_deadline = now + std::min(timeout_ms_, max_close_ms);
  send_own_first(now, take_xid().value, wire::CloseSessionRequest{});
}

// Time

std::optional<std::int64_t> Session::session_deadline() const {
  if (id_.value != 0) return confirmed_at_ + timeout_ms_;
  if (config_.establish_ms > 0) return born_at_ + config_.establish_ms;
  return std::nullopt;
}

std::int64_t Session::certain_until() const {
  const auto* connected = std::get_if<Connected>(&state_);
  const bool closing = connected && connected->close_deadline;
  return is_over() || closing || !shared_ ? 0 : confirmed_at_ + timeout_ms_;
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
  } else {
    tick_connected(now, std::get<Connected>(state_));
  }
}

void Session::tick_connected(std::int64_t now, Connected& connected) {
  const bool deaf = now >= connected.last_heard + timeout_ms_ * 2 / 3;
  if (deaf || (connected.close_deadline && now >= *connected.close_deadline)) return drop(now);
  if (!connected.ping_sent_at && now >= ping_due(connected)) {
    connected.ping_sent_at = connected.last_ping = now;
    send_bytes(now, wire::encode_request(Xid{wire::ping_xid}, wire::PingRequest{}));
  }
  if (connected.search && !connected.search->asking && now >= connected.search->next_at) {
    connected.search->asking = hosts_.next();
    actions_.emplace_back(Probe{*connected.search->asking});
  }
}

// Where only pings are confirmed, other traffic does not stand for one.
std::int64_t Session::ping_due(const Connected& connected) const {
  return (connected.remember > 0 ? connected.last_ping : connected.last_sent) + timeout_ms_ / 3;
}

std::int64_t Session::next_connected_tick(const Connected& connected) const {
  std::int64_t next = connected.last_heard + timeout_ms_ * 2 / 3;
  if (connected.close_deadline) next = std::min(next, *connected.close_deadline);
  if (!connected.ping_sent_at) next = std::min(next, ping_due(connected));
  if (connected.search && !connected.search->asking) next = std::min(next, connected.search->next_at);
  return next;
}

std::optional<std::int64_t> Session::next_tick() const {
  if (is_over()) return std::nullopt;
  std::int64_t next = never;
  if (const auto* resting = std::get_if<Resting>(&state_)) next = resting->until;
  if (const auto* connecting = std::get_if<Connecting>(&state_)) next = connecting->deadline;
  if (const auto* handshaking = std::get_if<Handshaking>(&state_)) next = handshaking->deadline;
  if (const auto* connected = std::get_if<Connected>(&state_)) next = next_connected_tick(*connected);
  return std::min(next, session_deadline().value_or(never));
}

void Session::tell_state() { actions_.emplace_back(StateChanged{state()}); }

std::vector<Action> Session::take_actions() { return std::exchange(actions_, {}); }

}  // namespace muster::client
