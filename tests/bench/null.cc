#include "tests/bench/null.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "common/wire/connect.h"
#include "common/wire/requests.h"

namespace muster::bench {
namespace {

bool later(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

std::string frame_of(const wire::ReplyBody& body) {
  std::string frame;
  wire::append_reply(frame, Xid{0}, Zxid{1}, {ErrorCode::ok, body});
  return frame;
}

}  // namespace

int listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 1024) == 0)
    return fd;
  std::fprintf(stderr, "cannot listen on 127.0.0.1:%d; choose another port\n", port);
  std::exit(1);
}

int port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int accept_from(int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) no_delay(fd);
  return fd;
}

bool Link::read(std::string& buffer) {
  const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) return later(errno);
  if (count == 0) return false;
  in.append(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  return true;
}

bool send_all(int fd, std::string& out) {
  for (std::size_t sent = 0; sent < out.size();) {
    const ssize_t count = ::send(fd, out.data() + sent, out.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && !later(errno)) return false;
    if (count > 0) sent += static_cast<std::size_t>(count);
    if (count > 0) continue;
    pollfd writable{fd, POLLOUT, 0};
    ::poll(&writable, 1, -1);
  }
  out.clear();
  return true;
}

bool Client::serve(Answers& answers, const std::function<bool(Xid, wire::OpCode, std::string_view)>& take) {
  for (;;) {
    const auto frame = in.next();
    if (!frame) return false;
    if (!*frame) return true;
    std::string_view payload = **frame;
    if (!welcomed_) {
      answers.append_welcome(out);
      welcomed_ = true;
      continue;
    }
    const auto header = wire::decode_request_header(payload);
    if (!header) return false;
    if (!take(header->xid, header->type, payload)) answers.append(out, header->xid, header->type);
  }
}

Answers::Answers(std::size_t data_bytes) : bare_(frame_of(std::monostate())) {
  Stat stat;
  stat.data_length = static_cast<std::int32_t>(data_bytes);
  using wire::OpCode;
  frames_[OpCode::get_data] = frame_of(wire::GetDataReply{std::string(data_bytes, 'x'), stat});
  frames_[OpCode::exists] = frames_[OpCode::set_data] = frame_of(wire::StatReply{stat});
  frames_[OpCode::create] = frame_of(wire::CreateReply{"/created-0000000000"});
  frames_[OpCode::get_children] = frame_of(wire::ChildrenReply{});
  frames_[OpCode::multi] = frame_of(wire::MultiReply{});
}

void Answers::append_welcome(std::string& out) {
  wire::ConnectReply reply;
  reply.timeout_ms = 30'000;
  reply.session = last_ = last_.next();
  reply.read_only = false;
  wire::append_connect_reply(out, reply);
}

void Answers::append(std::string& out, Xid xid, wire::OpCode type) {
  const auto found = frames_.find(type);
  const std::size_t start = out.size();
  out += found == frames_.end() ? bare_ : found->second;
  for (std::size_t i = 0; i < 4; ++i)
    out[start + 4 + i] = static_cast<char>(static_cast<std::uint32_t>(xid.value) >> (24 - 8 * i));
}

}  // namespace muster::bench
