#include "client/shell/super_session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "client/shell/commands.h"
#include "common/wire/connect.h"
#include "common/wire/frame.h"

namespace muster::shell {
namespace {

constexpr std::int32_t kTimeoutMs = 40'000;  // of the session
constexpr int kQuietMs = 5'000;              // then a ping
constexpr int kHandshakeMs = 10'000;
constexpr std::size_t kMaxReply = std::size_t{64} << 20U;

std::string refusal(ErrorCode error) {
  switch (error) {
    case ErrorCode::no_auth:
    case ErrorCode::auth_failed:
      return "only the super user may do this: set super_digest in the server's configuration, and "
             "name the user with --auth "
             "USER:PASSWORD";
    case ErrorCode::unimplemented:
      return "it is no Muster server that can be backed up";
    case ErrorCode::throttled_op:
      return "as many backups are being taken from it as it allows; try again later, or another server";
    default:
      return fmt::format("it refuses ({}); try again, or another server", describe(error));
  }
}

}  // namespace

struct SuperSession::Stream {
  int socket = -1;
  wire::FrameReader frames{kMaxReply};

  ~Stream() {
    if (socket >= 0) (void)::close(socket);
  }
  // False: nobody is there.
  bool connect(const client::Host& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.name.c_str(), host.port.c_str(), &hints, &found) != 0) return false;
    for (const addrinfo* each = found; each != nullptr && socket < 0; each = each->ai_next) {
      socket = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
      if (socket >= 0 && ::connect(socket, each->ai_addr, each->ai_addrlen) == 0) break;
      if (socket >= 0) (void)::close(socket);
      socket = -1;
    }
    ::freeaddrinfo(found);
    return socket >= 0;
  }
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  enum class Heard { frame, silence, end };
  // The next frame, if one comes within so long.
  Heard hear(int wait_ms, std::string& frame) {
    for (;;) {
      const auto next = frames.next();
      if (!next) return Heard::end;
      if (*next) return frame.assign(**next), Heard::frame;
      pollfd polled{socket, POLLIN, 0};
      const int ready = ::poll(&polled, 1, wait_ms);
      if (ready == 0) return Heard::silence;
      if (ready < 0) continue;
      std::array<char, 64 * 1024> buffer;
      const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (got <= 0) return Heard::end;
      frames.append({buffer.data(), static_cast<std::size_t>(got)});
    }
  }
};

SuperSession::SuperSession(const client::Host& host, const std::string& login)
    : server_(to_string(host)), stream_(std::make_unique<Stream>()) {
  if (!stream_->connect(host)) throw Complaint(server_ + " does not answer");
  wire::ConnectRequest hello;
  hello.timeout_ms = kTimeoutMs;
  hello.read_only = false;
  std::string frame;
  if (!stream_->send(wire::encode_connect_request(hello)) ||
      stream_->hear(kHandshakeMs, frame) != Stream::Heard::frame || !wire::decode_connect_reply(frame))
    throw Complaint(server_ + " does not serve");
  if (!login.empty()) (void)call(wire::AuthRequest{0, "digest", login});
}

SuperSession::~SuperSession() {
  (void)stream_->send(wire::encode_request(Xid{++xid_}, wire::CloseSessionRequest{}));
}

wire::ReplyBody SuperSession::call(const wire::Request& request) {
  wire::Reply reply = try_call(request);
  if (reply.error != ErrorCode::ok) throw Complaint(server_ + ": " + refusal(reply.error));
  return std::move(reply.body);
}

wire::Reply SuperSession::try_call(const wire::Request& request) {
  const Xid xid{wire::type_of(request) == wire::OpCode::auth ? wire::auth_xid : ++xid_};
  bool sent = stream_->send(wire::encode_request(xid, request));
  std::string frame;
  for (;;) {
    const auto heard = sent ? stream_->hear(kQuietMs, frame) : Stream::Heard::end;
    if (heard == Stream::Heard::end) throw Complaint("the connection to " + server_ + " is lost; try again");
    if (heard == Stream::Heard::silence) {
      sent = stream_->send(wire::encode_request(Xid{wire::ping_xid}, wire::PingRequest{}));
      continue;
    }
    std::string_view payload = frame;
    const auto header = wire::decode_reply_header(payload);
    if (header && header->xid.value == wire::ping_xid) continue;
    if (!header || header->xid != xid) throw Complaint(server_ + " says what is not understood");
    zxid_ = header->zxid;
    if (header->error != ErrorCode::ok) return {header->error, {}};
    auto body = wire::decode_reply_body(wire::type_of(request), payload);
    if (!body) throw Complaint(server_ + " says what is not understood");
    return {ErrorCode::ok, std::move(*body)};
  }
}

}  // namespace muster::shell
