// The gets of get_load.h with as little as can be: bytes made beforehand, replies counted and not looked at. What a client
// library takes beyond this is its own; what this takes is the sockets'.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "common/wire/connect.h"
#include "common/wire/requests.h"
#include "tests/bench/get_load.h"

namespace muster::bench {
namespace {

class Connection {
 public:
  explicit Connection(const GetLoad& load)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)),
        get_(wire::encode_request(Xid{1}, wire::GetDataRequest{load.path, false})) {
    const std::size_t colon = load.servers.find(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(load.servers.substr(colon + 1))));
    ::inet_pton(AF_INET, load.servers.substr(0, colon).c_str(), &address.sin_addr);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      give_up("can't connect to " + load.servers);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send(
        wire::encode_connect_request({0, {}, 30'000, {}, std::string(wire::password_size, '\0'), false, {}}));
    while (frames_ == 0) hear();
  }
  ~Connection() { ::close(socket_); }
  Connection(Connection&& other) noexcept : socket_(std::exchange(other.socket_, -1)), get_(other.get_) {}
  Connection& operator=(Connection&&) = delete;

  void begin(const GetLoad& load, std::int64_t gets) {
    frames_ = 0;
    to_send_ = gets - load.window;
    to_hear_ = gets;
    send_gets(load.window);
  }
  [[nodiscard]] bool finished() const { return to_hear_ == 0; }
  [[nodiscard]] int socket() const { return socket_; }
  void on_readable() {
    frames_ = 0;
    hear();
    to_hear_ -= frames_;
    const std::int64_t next = std::min(to_send_, frames_);
    to_send_ -= next;
    if (next > 0) send_gets(next);
  }

 private:
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) give_up("the connection broke");
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void send_gets(std::int64_t count) {
    output_.clear();
    while (count-- > 0) output_ += get_;
    send(output_);
  }
  // Reads once and counts the frames that are now whole.
  void hear() {
    const ssize_t n = ::recv(socket_, input_.data(), input_.size(), 0);
    if (n <= 0) give_up("the connection broke");
    std::string_view bytes(input_.data(), static_cast<std::size_t>(n));
    while (!bytes.empty()) {
      if (rest_ == 0) {
        while (length_.size() < 4 && !bytes.empty()) length_ += bytes.front(), bytes.remove_prefix(1);
        if (length_.size() < 4) return;
        std::uint32_t length = 0;
        std::memcpy(&length, length_.data(), 4);
        rest_ = ntohl(length);
        length_.clear();
      }
      const std::size_t part = std::min(rest_, bytes.size());
      bytes.remove_prefix(part);
      rest_ -= part;
      if (rest_ == 0) ++frames_;
    }
  }

  int socket_;
  std::string get_, output_, length_;
  std::size_t rest_ = 0;  // of the frame that has begun
  std::int64_t frames_ = 0, to_send_ = 0, to_hear_ = 0;
  std::array<char, 64 * 1024> input_{};
};

void get_all(const GetLoad& load, std::vector<Connection>& connections, std::int64_t gets) {
  std::vector<pollfd> polled;
  for (Connection& connection : connections) {
    connection.begin(load, gets);
    polled.push_back({connection.socket(), POLLIN, 0});
  }
  for (std::size_t open = connections.size(); open > 0;) {
    ::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if ((polled[i].revents & POLLIN) == 0) continue;
      connections[i].on_readable();
      if (connections[i].finished()) polled[i].fd = -1, --open;
    }
  }
}

void run(const GetLoad& load) {
  std::vector<Connection> connections;
  connections.reserve(static_cast<std::size_t>(load.connections));
  for (int i = 0; i < load.connections; ++i) connections.emplace_back(load);
  get_all(load, connections, load.warm_up_each);
  const Meter meter;
  get_all(load, connections, load.gets_each);
  meter.report(load);
}

}  // namespace
}  // namespace muster::bench

int main(int argc, char** argv) { muster::bench::run(muster::bench::get_load_of(argc, argv)); }
