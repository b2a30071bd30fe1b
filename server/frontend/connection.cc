#include "server/frontend/connection.h"

#include <type_traits>
#include <utility>

#include "common/check.h"
#include "server/frontend/auth.h"
#include "server/frontend/four_letter_words.h"

namespace muster::frontend {
namespace {

// While frames are not taken, the socket is read until this much waits here.
constexpr std::size_t max_unread_bytes = std::size_t{64} * 1024;

// Every client knows this error, and those that try again by themselves (Curator, kazoo's retry) do so for it. It leaves open whether
// the write was done; so it is true also for one that is sent again after it was.
constexpr ErrorCode no_room_error = ErrorCode::operation_timeout;

template <class T, class Variant>
struct is_one_of;
template <class T, class... Ts>
struct is_one_of<T, std::variant<Ts...>> : std::bool_constant<(std::is_same_v<T, Ts> || ...)> {};

}  // namespace

Connection::Connection(ConnId id, Origin origin, std::size_t max_frame_bytes)
    : id_(id),
      origin_(std::move(origin)),
      reader_(max_frame_bytes),
      identities_{ip_identity(origin_.address)},
      heard_ms_(origin_.opened.mono_ms) {}

Step Connection::next(const Context& context) {
  if (bound_ && pipeline_.run(context, {id_, bound_->session, identities_}, traffic_, output_))
    return step::Hangup{};
  while (may_read(context.settings)) {
    if (!request_) {
      Step first = on_first_bytes(context);
      if (!std::holds_alternative<step::Idle>(first)) return first;
    }
    const auto frame = reader_.next();
    if (!frame) return step::Hangup{};
    if (!*frame) return step::Idle{};
    note_received(context);
    Step result = on_frame(context, **frame);
    if (!std::holds_alternative<step::Idle>(result)) return result;
    if (ending_ && pipeline_.empty()) return step::Hangup{};
  }
  if (held_ && !pipeline_.waits_for_barrier()) return *std::exchange(held_, std::nullopt);
  return step::Idle{};
}

bool Connection::may_read(const Settings& settings) {
  if (ending_ || held_ || (request_ && !bound_)) return false;
  const std::size_t in_flight = pipeline_.size();
  full_ = in_flight >= settings.max_requests_in_flight ||
          (full_ && in_flight > settings.max_requests_in_flight / 2);
  congested_ = output_.size() + backlog_ > settings.max_output_bytes / 2;
  return !full_ && !congested_;
}

void Connection::note_received(const Context& context) {
  ++context.counters.packets_received;
  ++traffic_.received;
  heard_ms_ = context.now.mono_ms;
}

Step Connection::on_first_bytes(const Context& context) {
  const auto word = reader_.first_word();
  if (!word || !is_four_letter_word(*word)) return step::Idle{};
  note_received(context);
  ending_ = true;
  return step::Word{std::string(*word)};
}

Step Connection::on_frame(const Context& context, std::string_view payload) {
  if (!request_) {
    auto request = wire::decode_connect_request(payload);
    if (!request) return step::Hangup{};
    request_ = std::move(*request);
    return step::Shake{};
  }
  const auto header = wire::decode_request_header(payload);
  if (!header) return step::Hangup{};
  touched_ = true;
  if (!wire::is_client_operation(header->type)) {
    answer_last(context, header->xid, header->type, ErrorCode::unimplemented, Zxid{-1});
    return step::Idle{};
  }
  auto request = wire::decode_request(header->type, payload);
  if (!request) {
    if (header->type == wire::OpCode::auth || header->type == wire::OpCode::sasl) return end_without_answer();
    answer(context, header->xid, header->type, {ErrorCode::marshalling_error, {}});
    return step::Idle{};
  }
  return on_request(context, header->xid, std::move(*request));
}

Step Connection::on_request(const Context& context, Xid xid, wire::Request request) {
  const wire::OpCode type = wire::type_of(request);
  return std::visit(
      [&](auto& body) -> Step {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (is_one_of<Body, tree::Operation>::value) {
          if (context.settings.takes_writes) return on_write(context, xid, type, std::move(body));
          answer(context, xid, type, {no_room_error, {}});
        } else if constexpr (std::is_same_v<Body, wire::CloseSessionRequest>) {
          Step result = on_write(context, xid, type, tree::CloseSession{});
          pipeline_.end_here();
          ending_ = true;
          return result;
        } else if constexpr (std::is_same_v<Body, wire::SyncRequest>) {
          return step::Barrier{pipeline_.push_sync(context.now, xid, std::move(body))};
        } else if constexpr (std::is_same_v<Body, wire::PingRequest>) {
          if (bound_->confirms_pings)
            pinged_ = true;
          else
            answer(context, Xid{wire::ping_xid}, type, {});
        } else if constexpr (std::is_same_v<Body, wire::AuthRequest>) {
          on_auth(context, xid, body);
        } else if constexpr (std::is_same_v<Body, wire::SaslRequest>) {
          if (!body.token) return end_without_answer();
          answer(context, xid, type, {ErrorCode::ok, wire::SaslReply{}}, Zxid{});
        } else if constexpr (std::is_same_v<Body, wire::BackupBeginRequest>) {
          return on_backup(context, xid, type, std::nullopt);
        } else if constexpr (std::is_same_v<Body, wire::BackupNextRequest>) {
          return on_backup(context, xid, type, body.max_bytes);
        } else if constexpr (std::is_same_v<Body, wire::ReconfigRequest>) {
          answer(context, xid, type, {ErrorCode::reconfig_disabled, {}});
        } else {
          on_read(context, xid, std::move(request));
        }
        return step::Idle{};
      },
      request);
}

// The identities go into the entry as they are now; they are only lent to the command.
Step Connection::on_write(const Context& context, Xid xid, wire::OpCode type, tree::Operation operation) {
  tree::Command command;
  command.session = bound_->session;
  command.owner = bound_->owner;
  command.xid = xid;
  command.operation = std::move(operation);
  command.identities.swap(identities_);
  step::Propose proposal{SharedBytes(tree::encode(command)), pipeline_.push_write(context.now, xid, type)};
  command.identities.swap(identities_);
  if (!pipeline_.waits_for_barrier()) return proposal;
  hold(std::move(proposal));
  return step::Idle{};
}

void Connection::on_read(const Context& context, Xid xid, wire::Request request) {
  if (!pipeline_.empty()) return pipeline_.push_read(context.now, xid, std::move(request));
  const wire::Reply reply = execute(context, {id_, bound_->session, identities_}, request, traffic_, output_);
  reply_now(context, xid, wire::type_of(request), reply, context.tree.applied());
}

Step Connection::on_backup(const Context& context, Xid xid, wire::OpCode type,
                           std::optional<std::int32_t> max_bytes) {
  if (is_super(identities_)) return step::Backup{pipeline_.push_write(context.now, xid, type), max_bytes};
  answer(context, xid, type, {ErrorCode::no_auth, {}});
  return step::Idle{};
}

void Connection::on_auth(const Context& context, Xid xid, const wire::AuthRequest& request) {
  if (authenticate(request, context.settings.super_digest, identities_))
    return answer(context, xid, wire::OpCode::auth, {}, Zxid{});
  ++context.counters.auth_failed;
  answer_last(context, xid, wire::OpCode::auth, ErrorCode::auth_failed, Zxid{});
}

void Connection::answer(const Context& context, Xid xid, wire::OpCode type, wire::Reply reply,
                        std::optional<Zxid> zxid) {
  if (!pipeline_.empty()) return pipeline_.push(context.now, xid, type, Prepared{std::move(reply), zxid});
  reply_now(context, xid, type, reply, zxid.value_or(context.tree.applied()));
}

void Connection::reply_now(const Context& context, Xid xid, wire::OpCode type, const wire::Reply& reply,
                           Zxid zxid) {
  const std::size_t start = output_.size();
  wire::append_reply(output_, xid, zxid, reply);
  const std::int64_t now_ms = context.now.mono_ms;
  note_answer(now_ms, context.counters, traffic_, {type, xid, zxid, now_ms, output_.size() - start});
}

void Connection::answer_last(const Context& context, Xid xid, wire::OpCode type, ErrorCode error, Zxid zxid) {
  answer(context, xid, type, {error, {}}, zxid);
  if (!pipeline_.empty()) pipeline_.end_here();
  ending_ = true;
}

// Who proves nothing with what cannot be read is hung up on, as by ZooKeeper, when what came before is answered.
Step Connection::end_without_answer() {
  ending_ = true;
  if (pipeline_.empty()) return step::Hangup{};
  pipeline_.end_here();
  return step::Idle{};
}

void Connection::accept(const Context& context, const tree::SessionEvent& event, std::string_view secret) {
  CHECK(request_ && !bound_, "a session is given to a connection that asked for one");
  const std::size_t start = output_.size();
  append_accepted(output_, *request_, event, secret);
  bound_ = Bound{event.session, event.owner, event.timeout_ms, event.remember > 0};
  note_answer(context.now.mono_ms, context.counters, traffic_,
              {wire::OpCode::create_session, Xid{0}, event.owner, heard_ms_, output_.size() - start});
}

void Connection::answer_ping(const Context& context) {
  reply_now(context, Xid{wire::ping_xid}, wire::OpCode::ping, {}, context.tree.applied());
}

void Connection::refuse() {
  append_refused(output_, *request_);
  ending_ = true;
}

void Connection::notify(Counters& counters, Zxid zxid, wire::EventType type, std::string_view path) {
  const std::size_t start = output_.size();
  wire::append_event(output_, zxid, type, path);
  note_packet_sent(counters, traffic_, output_.size() - start);
}

void Connection::say(Counters& counters, std::string_view text) {
  output_ += text;
  ++counters.packets_sent;
  ++traffic_.sent;
}

int Connection::interest() const { return (told_reading_ && !ending_ ? 1 : 0) | (backlog_ > 0 ? 4 : 0); }

std::string Connection::take_output() { return std::exchange(output_, std::string()); }

std::optional<bool> Connection::reading_changed() {
  const bool takes_frames = !ending_ && !held_ && !full_ && !congested_ && (bound_ || !request_);
  const bool reading = takes_frames || (!ending_ && reader_.buffered() < max_unread_bytes);
  if (reading == told_reading_) return std::nullopt;
  told_reading_ = reading;
  return reading;
}

}  // namespace muster::frontend
