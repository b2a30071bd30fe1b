// Streams on a poller, against plain sockets of the system.
#include "server/runtime/stream.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace muster::runtime {
namespace {

struct Owner final : StreamOwner {
  std::string bytes;
  std::string why;
  int sent = 0;
  std::function<void()> then;  // after each piece
  void on_bytes(std::string_view piece) override {
    bytes += piece;
    if (then) then();
  }
  void on_broken(std::string_view reason) override { why = reason; }
  void on_sent() override { ++sent; }
};

struct World {
  asio::io_context io{1};
  int turns = 0;
  Poller poller{io, [this](const std::function<void()>& work) {
                  ++turns;
                  work();
                }};
  World() { poller.start(); }
  ~World() {
    poller.close();
    io.poll();
  }

  // One end for a stream, the other as a descriptor.
  std::pair<Socket, int> connect() {
    Acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(acceptor.local_endpoint().port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return {acceptor.accept(), fd};
  }
  // Runs handlers until `done`.
  template <class Done>
  void until(Done done) {
    while (!done()) io.run_one();
  }
  // Runs what is due, as far as can be told: a second stream's byte has come the whole way.
  void settle() {
    Owner owner;
    auto [socket, fd] = connect();
    const auto stream = std::make_shared<Stream>(std::move(socket), owner, poller);
    stream->set_reading(true);
    REQUIRE(::write(fd, "x", 1) == 1);
    until([&] { return !owner.bytes.empty(); });
    stream->close();
    ::close(fd);
  }
};

void write_all(int fd, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::write(fd, bytes.data() + at, bytes.size() - at);
    REQUIRE(count > 0);
    at += static_cast<std::size_t>(count);
  }
}

}  // namespace

TEST_CASE("what does not fit the buffers of one turn arrives all the same") {
  World world;
  Owner owner;
  auto [socket, fd] = world.connect();
  socket.set_option(asio::socket_base::receive_buffer_size(4 << 20));
  const auto stream = std::make_shared<Stream>(std::move(socket), owner, world.poller);
  const std::string bytes(1 << 20, 'b');
  world.settle();
  const ssize_t held = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);  // before anything is read
  REQUIRE(held > static_cast<ssize_t>(4 * world.poller.buffer().size()));
  stream->set_reading(true);
  world.until([&] { return owner.bytes.size() == static_cast<std::size_t>(held); });
  write_all(fd, "rest");
  world.until([&] { return owner.bytes.size() == static_cast<std::size_t>(held) + 4; });
  stream->close();
  ::close(fd);
}

TEST_CASE("the end is seen though it came together with the last bytes") {
  World world;
  Owner owner;
  auto [socket, fd] = world.connect();
  const auto stream = std::make_shared<Stream>(std::move(socket), owner, world.poller);
  write_all(fd, "last");
  ::close(fd);
  world.settle();
  CHECK(owner.bytes.empty());  // not before it is asked for
  stream->set_reading(true);
  world.until([&] { return !owner.why.empty(); });
  CHECK(owner.bytes == "last");
}

TEST_CASE("what comes while nobody reads is there when somebody does") {
  World world;
  Owner owner;
  auto [socket, fd] = world.connect();
  const auto stream = std::make_shared<Stream>(std::move(socket), owner, world.poller);
  stream->set_reading(true);
  write_all(fd, "a");
  world.until([&] { return owner.bytes == "a"; });
  stream->set_reading(false);
  write_all(fd, "b");
  world.settle();
  CHECK(owner.bytes == "a");
  stream->set_reading(true);
  world.until([&] { return owner.bytes == "ab"; });
  owner.then = [&] { stream->set_reading(false); };  // off and on within one piece
  write_all(fd, "c");
  world.until([&] { return owner.bytes == "abc"; });
  owner.then = nullptr;
  stream->set_reading(true);
  write_all(fd, "d");
  world.until([&] { return owner.bytes == "abcd"; });
  stream->close();
  ::close(fd);
}

TEST_CASE("one that is closed while others are told hears nothing") {
  World world;
  Owner owners[2];
  std::shared_ptr<Stream> streams[2];
  int fds[2];
  for (int i = 0; i < 2; ++i) {
    auto [socket, fd] = world.connect();
    fds[i] = fd;
    streams[i] = std::make_shared<Stream>(std::move(socket), owners[i], world.poller);
    streams[i]->set_reading(true);
    owners[i].then = [&streams, i] { streams[1 - i]->close(); };
  }
  world.settle();
  for (const int fd : fds) write_all(fd, "x");
  world.until([&] { return !(owners[0].bytes + owners[1].bytes).empty(); });
  world.settle();
  CHECK(owners[0].bytes + owners[1].bytes == "x");
  for (int i = 0; i < 2; ++i) {
    streams[i]->close();
    ::close(fds[i]);
  }
}

TEST_CASE("what the system does not take leaves when it does") {
  World world;
  Owner owner;
  auto [socket, fd] = world.connect();
  const auto stream = std::make_shared<Stream>(std::move(socket), owner, world.poller);
  stream->set_reading(true);
  const std::size_t size = 32 << 20;
  stream->queue().push(std::string(size, 'w'));
  stream->flush();
  REQUIRE(stream->waiting() > 0);
  std::vector<char> room(1 << 20);
  std::size_t taken = 0;
  while (taken < size) {
    const ssize_t count = ::recv(fd, room.data(), room.size(), MSG_DONTWAIT);
    if (count > 0) taken += static_cast<std::size_t>(count);
    if (count <= 0) world.io.run_one();
  }
  CHECK(stream->waiting() == 0);
  CHECK(owner.sent > 0);
  stream->close();
  ::close(fd);
}

}  // namespace muster::runtime
