#include "raw_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string_view>

namespace muster::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

FreeListener::FreeListener() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), port(0) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(fd, 100) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
}

RawClient::RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const auto address = loopback(port);
  REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawClient::~RawClient() { ::close(fd_); }

void RawClient::send(const std::string& bytes) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const auto count = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // the reader learns why
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::optional<std::string> RawClient::read(std::size_t bytes) {
  std::string out(bytes, '\0');
  for (std::size_t at = 0; at < bytes;) {
    const auto count = ::recv(fd_, out.data() + at, bytes - at, 0);
    if (count <= 0) return std::nullopt;
    at += static_cast<std::size_t>(count);
  }
  return out;
}

std::optional<std::string> RawClient::read_frame() {
  const auto head = read(4);
  if (!head) return std::nullopt;
  std::uint32_t length = 0;
  for (const char byte : *head) length = length << 8 | static_cast<unsigned char>(byte);
  return read(length);
}

std::string RawClient::read_to_end() {
  std::string out;
  std::array<char, 65536> buffer;
  for (;;) {
    const auto count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::optional<wire::ConnectReply> RawClient::handshake() {
  wire::ConnectRequest request;
  request.timeout_ms = 30'000;
  request.read_only = false;
  send(wire::encode_connect_request(request));
  const auto frame = read_frame();
  if (!frame) return std::nullopt;
  return wire::decode_connect_reply(*frame).value();
}

std::optional<RawClient::Answer> RawClient::call(const wire::Request& request) {
  send(wire::encode_request(Xid{++xid_}, request));
  const auto frame = read_frame();
  if (!frame) return std::nullopt;
  std::string_view payload = *frame;
  Answer answer;
  answer.header = wire::decode_reply_header(payload).value();
  REQUIRE(answer.header.xid == Xid{xid_});
  answer.body = payload;
  return answer;
}

}  // namespace muster::test
