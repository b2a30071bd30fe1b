#include "fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace muster::client {
namespace {

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client is gone
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

wire::MultiReply done(const wire::MultiRequest& request) {
  wire::MultiReply reply;
  for (const wire::MultiOp& op : request.ops) {
    if (const auto* create = std::get_if<wire::CreateRequest>(&op)) {
      reply.results.push_back({wire::OpCode::create2, ErrorCode::ok, wire::Create2Reply{create->path, {}}});
    } else if (std::holds_alternative<wire::SetDataRequest>(op)) {
      reply.results.push_back({wire::OpCode::set_data, ErrorCode::ok, wire::StatReply{}});
    } else if (std::holds_alternative<wire::DeleteRequest>(op)) {
      reply.results.push_back({wire::OpCode::remove, ErrorCode::ok, {}});
    } else {
      reply.results.push_back({wire::OpCode::check, ErrorCode::ok, {}});
    }
  }
  return reply;
}

wire::MultiReply done(const wire::MultiReadRequest& request) {
  wire::MultiReply reply;
  for (const auto& op : request.ops) {
    if (const auto* get = std::get_if<wire::GetDataRequest>(&op)) {
      reply.results.push_back({wire::OpCode::get_data, ErrorCode::ok, wire::GetDataReply{get->path, {}}});
    } else {
      reply.results.push_back({wire::OpCode::get_children, ErrorCode::ok, wire::ChildrenReply{{"b", "a"}}});
    }
  }
  return reply;
}

}  // namespace

std::optional<wire::Reply> FakeServer::agree(const wire::Request& request) {
  wire::Reply reply;
  if (const auto* create = std::get_if<wire::CreateRequest>(&request))
    reply.body = wire::Create2Reply{create->path, {}};
  if (const auto* get = std::get_if<wire::GetDataRequest>(&request))
    reply.body = wire::GetDataReply{get->path, {}};
  if (std::holds_alternative<wire::SetDataRequest>(request) ||
      std::holds_alternative<wire::SetAclRequest>(request) ||
      std::holds_alternative<wire::ExistsRequest>(request))
    reply.body = wire::StatReply{};
  if (std::holds_alternative<wire::GetChildrenRequest>(request))
    reply.body = wire::Children2Reply{{"b", "a"}, {}};
  if (std::holds_alternative<wire::GetAclRequest>(request)) reply.body = wire::GetAclReply{open_acl(), {}};
  if (std::holds_alternative<wire::SyncRequest>(request)) reply.body = wire::PathReply{"/"};
  if (std::holds_alternative<wire::AddWatchRequest>(request)) reply.body = wire::ErrorReply{};
  if (std::holds_alternative<wire::GetAllChildrenNumberRequest>(request)) reply.body = wire::CountReply{3};
  if (std::holds_alternative<wire::WhoAmIRequest>(request))
    reply.body = wire::WhoAmIReply{{{"ip", "127.0.0.1"}}};
  if (const auto* r = std::get_if<wire::GetEphemeralsRequest>(&request))
    reply.body = wire::EphemeralsReply{{r->prefix.value_or("") + "/e"}};
  if (const auto* multi = std::get_if<wire::MultiRequest>(&request)) reply.body = done(*multi);
  if (const auto* reads = std::get_if<wire::MultiReadRequest>(&request)) reply.body = done(*reads);
  return reply;
}

std::optional<wire::Reply> FakeServer::be_silent(const wire::Request& request) {
  if (std::holds_alternative<wire::CloseSessionRequest>(request)) return wire::Reply{};
  return std::nullopt;
}

FakeServer::FakeServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any_address = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, any_address, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, any_address, &size) != 0 || ::pipe(wake_) != 0)
    throw std::runtime_error("no loopback port for the test's server");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

FakeServer::~FakeServer() {
  ::close(wake_[1]);
  thread_.join();
  ::close(wake_[0]);
  ::close(listener_);
  for (const auto& [socket, connection] : connections_) ::close(socket);
}

void FakeServer::run() {
  for (;;) {
    std::vector<pollfd> polled{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [socket, connection] : connections_) polled.push_back({socket, POLLIN, 0});
    }
    if (::poll(polled.data(), polled.size(), -1) <= 0) continue;
    if (polled[0].revents != 0) return;
    if (polled[1].revents != 0) accept_one();
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 2; i < polled.size(); ++i) {
      const auto at = connections_.find(polled[i].fd);
      if (polled[i].revents == 0 || at == connections_.end() || read_from(at->second)) continue;
      ::close(at->first);
      connections_.erase(at);
    }
  }
}

void FakeServer::accept_one() {
  const int socket = ::accept(listener_, nullptr, nullptr);
  if (socket < 0) return;
  const std::lock_guard lock(mutex_);
  connections_.emplace(socket, Connection{socket, wire::FrameReader()});
}

bool FakeServer::read_from(Connection& connection) {
  std::array<char, 65'536> buffer{};
  const ssize_t size = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  connection.reader.append({buffer.data(), static_cast<std::size_t>(size)});
  for (;;) {
    const auto frame = connection.reader.next();
    if (!frame) return false;
    if (!*frame) return true;
    if (!on_frame(connection, **frame)) return false;
  }
}

bool FakeServer::on_frame(Connection& connection, std::string_view payload) {
  std::string out;
  if (!connection.greeted) {
    connection.greeted = true;
    const auto hello = wire::decode_connect_request(payload);
    if (!hello) return false;
    const SessionId session = hello->session.value != 0 ? hello->session : SessionId{7};
    wire::append_connect_reply(out, {0, hello->timeout_ms, session, "0123456789abcdef", false,
                                     hello->remember ? remember_ : std::nullopt});
    send_all(connection.socket, out);
    return true;
  }
  const auto header = wire::decode_request_header(payload);
  const auto request = header ? wire::decode_request(header->type, payload) : Error{"no header"};
  if (!request) return false;
  if (header->type == wire::OpCode::ping) {
    wire::append_reply(out, header->xid, Zxid{zxid_}, {});
  } else {
    if (const auto reply = answer_(*request)) wire::append_reply(out, header->xid, Zxid{++zxid_}, *reply);
    ++received_[header->type];
    changed_.notify_all();
  }
  send_all(connection.socket, out);
  return header->type != wire::OpCode::close_session;
}

void FakeServer::answer_with(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

void FakeServer::remember(std::optional<std::int32_t> writes) {
  const std::lock_guard lock(mutex_);
  remember_ = writes;
}

void FakeServer::tell(wire::EventType type, const std::string& path) {
  std::string out;
  wire::append_event(out, Zxid{-1}, type, path);
  const std::lock_guard lock(mutex_);
  for (const auto& [socket, connection] : connections_) send_all(socket, out);
}

void FakeServer::break_connections() {
  const std::lock_guard lock(mutex_);
  for (const auto& [socket, connection] : connections_) ::shutdown(socket, SHUT_RDWR);
}

void FakeServer::await(wire::OpCode type, std::size_t count) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return received_[type] >= count; }))
    throw std::runtime_error("the request never came");
}

std::size_t FakeServer::received(wire::OpCode type) const {
  const std::lock_guard lock(mutex_);
  const auto at = received_.find(type);
  return at == received_.end() ? 0 : at->second;
}

}  // namespace muster::client
