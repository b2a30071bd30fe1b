#include "client/bench/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "common/check.h"
#include "common/wire/opcodes.h"

namespace muster::bench {
namespace {

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

bool later(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

bool Connection::connect(const sockaddr_storage& address, Time now) {
  CHECK(state_ == State::resting, "a connection connects once at a time");
  changed_at = now;
  fd_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
  const socklen_t size = address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS) {
    drop();
    return false;
  }
  state_ = State::connecting;
  return true;
}

wire::ConnectRequest Connection::no_session(std::int32_t timeout_ms) {
  wire::ConnectRequest request;
  request.timeout_ms = timeout_ms;
  request.password.assign(wire::password_size, '\0');
  request.read_only = false;
  return request;
}

bool Connection::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return false;
  if (!keeps_session_) session_ = no_session(session_.timeout_ms);
  out_ = wire::encode_connect_request(session_);
  state_ = State::shaking;
  return true;
}

void Connection::drop() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  state_ = State::resting;
  in_ = wire::FrameReader(max_answer);
  out_.clear();
  written_ = 0;
  in_flight_.clear();
  first_in_flight_ = next_xid_ = Xid{1};
}

void Connection::reset_when_dropped() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Xid Connection::next_xid() {
  const Xid xid = next_xid_;
  next_xid_ = xid.value == std::numeric_limits<std::int32_t>::max() ? Xid{1} : xid.next();
  return xid;
}

void Connection::send(const Prepared& request, std::uint64_t number, Sent sent) {
  request.append(out_, next_xid(), number);
  in_flight_.push_back(sent);
}

void Connection::send(const wire::Request& request, Sent sent) {
  out_ += wire::encode_request(next_xid(), request);
  in_flight_.push_back(sent);
}

void Connection::ping() { out_ += wire::encode_request(Xid{wire::ping_xid}, wire::PingRequest{}); }

bool Connection::flush() {
  while (wants_to_write()) {
    const ssize_t count =
        ::send(fd_, out_.data() + written_, out_.size() - written_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return later(errno);
    written_ += static_cast<std::size_t>(count);
  }
  out_.clear();
  written_ = 0;
  return true;
}

bool Connection::read(std::string& buffer, Time now) {
  const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) return later(errno);
  if (count == 0) return false;
  heard_at = now;
  in_.append(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  return true;
}

Connection::Frame Connection::welcome(std::string_view payload) {
  const auto reply = wire::decode_connect_reply(payload);
  if (!reply) return {Frame::What::nonsense, {}};
  if (reply->timeout_ms <= 0) {
    if (session_.session == SessionId{}) return {Frame::What::nonsense, {}};
    session_ = no_session(session_.timeout_ms);
    return {Frame::What::refused, {}};
  }
  session_.session = reply->session;
  session_.password = reply->password;
  state_ = State::open;
  return {Frame::What::welcome, {}};
}

Connection::Frame Connection::next(Time now) {
  auto frame = in_.next();
  if (!frame) return {Frame::What::nonsense, {}};
  if (!*frame) return {};
  std::string_view payload = **frame;
  if (state_ == State::shaking) return welcome(payload);
  const auto header = wire::decode_reply_header(payload);
  if (!header) return {Frame::What::nonsense, {}};
  if (header->xid.value == wire::ping_xid) return {Frame::What::pong, {}};
  if (header->xid.value == wire::notification_xid) return {Frame::What::event, {}};
  // A session's requests are answered in their order.
  if (in_flight_.empty() || header->xid != first_in_flight_) return {Frame::What::nonsense, {}};
  first_in_flight_ =
      first_in_flight_.value == std::numeric_limits<std::int32_t>::max() ? Xid{1} : header->xid.next();
  session_.last_zxid_seen = std::max(session_.last_zxid_seen, header->zxid);
  const Sent sent = in_flight_.front();
  in_flight_.pop_front();
  return {Frame::What::answer, {sent, now, header->error, header->zxid, payload}};
}

}  // namespace muster::bench
