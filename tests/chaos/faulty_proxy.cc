// A network that misbehaves on request. Each target gets a port on 127.0.0.1, whose connections go on to the target:
//
//   faulty-proxy SEED HOST:PORT…       prints the ports, in this order, on one line
//
// Then it reads commands, one to a line, and answers each with "done" or a sentence. ROUTE is the target's number, from 0.
//   ROUTE delay LOW HIGH     what arrives waits so many ms, by chance; the order stays
//   ROUTE drip BYTES MS      it goes on in pieces of so many bytes, one in so many ms
//   ROUTE tear BYTES         each connection, new ones too, breaks after at most so many bytes more: in the middle of a frame
//   ROUTE corrupt BYTES      of at most so many bytes, one has a bit changed; and again of the next
//   ROUTE pass               all of that is over
//   counts                   answers "torn N corrupted N": so often was it done
// Ends with its standard input. IPv4 only.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <deque>
#include <iostream>
#include <limits>
#include <list>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Time = std::int64_t;  // ms

constexpr Time kNever = std::numeric_limits<Time>::max();
constexpr std::size_t kMaxWaiting = std::size_t{1}
                                    << 20;  // bytes of one direction; beyond it, it is not read
constexpr std::size_t kReadBytes = 65536;

Time now_ms() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000 + at.tv_nsec / 1'000'000;
}

// How a route misbehaves; 0: it does not.
struct Faults {
  Time delay_low = 0, delay_high = 0;
  std::size_t drip_bytes = 0;
  Time drip_ms = 0;
  std::size_t tear_within = 0, corrupt_within = 0;
};

struct Route {
  sockaddr_in target{};
  int listener = -1;
  Faults faults;
};

struct Chance {
  std::mt19937_64 random;
  std::uint64_t torn = 0, corrupted = 0;  // so often

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, std::max(low, high))(random);
  }
  std::size_t up_to(std::size_t most) {
    return static_cast<std::size_t>(between(1, static_cast<std::int64_t>(most)));
  }
};

// One direction of a connection.
struct Flow {
  struct Piece {
    Time due = 0;
    std::string bytes;
  };

  Flow(int source, int sink) : from(source), to(sink) {}

  int from, to;
  std::deque<Piece> waiting;
  std::size_t waiting_bytes = 0;
  Time next_piece = 0;            // of those that drip
  std::size_t until_corrupt = 0;  // bytes to the one that is changed; 0: not drawn
  bool from_ended = false, to_full = false;

  [[nodiscard]] bool wants_to_read() const { return !from_ended && waiting_bytes < kMaxWaiting; }
  [[nodiscard]] Time due() const {
    return waiting.empty() || to_full ? kNever : std::max(waiting.front().due, next_piece);
  }

  // False: the connection is over.
  bool read(const Faults& faults, Chance& chance, Time now) {
    std::array<char, kReadBytes> buffer;
    const ssize_t n = ::recv(from, buffer.data(), buffer.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
      from_ended = true;
      return !waiting.empty();
    }
    Piece piece{now + chance.between(faults.delay_low, faults.delay_high),
                {buffer.data(), static_cast<std::size_t>(n)}};
    if (!waiting.empty()) piece.due = std::max(piece.due, waiting.back().due);
    if (faults.corrupt_within != 0) corrupt(piece.bytes, faults.corrupt_within, chance);
    waiting_bytes += piece.bytes.size();
    waiting.push_back(std::move(piece));
    return true;
  }

  // Passes on what is due; at most `limit` bytes. False: the connection is over.
  bool write(const Faults& faults, std::size_t& limit, Time now) {
    while (limit > 0 && !waiting.empty() && due() <= now) {
      std::string& bytes = waiting.front().bytes;
      std::size_t size = std::min(bytes.size(), limit);
      if (faults.drip_bytes != 0) size = std::min(size, faults.drip_bytes);
      const ssize_t n = ::send(to, bytes.data(), size, MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
      to_full = n < 0;
      if (n < 0) break;
      limit -= static_cast<std::size_t>(n);
      waiting_bytes -= static_cast<std::size_t>(n);
      bytes.erase(0, static_cast<std::size_t>(n));
      if (bytes.empty()) waiting.pop_front();
      if (faults.drip_bytes != 0) next_piece = now + faults.drip_ms;
    }
    return !(from_ended && waiting.empty());
  }

 private:
  void corrupt(std::string& bytes, std::size_t within, Chance& chance) {
    std::size_t at = 0;
    for (;;) {
      if (until_corrupt == 0) until_corrupt = chance.up_to(within);
      if (until_corrupt > bytes.size() - at) break;
      at += until_corrupt;
      until_corrupt = 0;
      bytes[at - 1] = static_cast<char>(bytes[at - 1] ^ (1 << chance.between(0, 7)));
      ++chance.corrupted;
    }
    until_corrupt -= bytes.size() - at;
  }
};

// A connection and its continuation.
class Pair {
 public:
  Pair(Route& route, int caller, int target) : route_(route), up_(caller, target), down_(target, caller) {
    for (const int fd : {caller, target}) {
      const int on = 1;
      (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
  }

  [[nodiscard]] std::array<pollfd, 2> interest() const {
    return {wish(up_.from, up_.wants_to_read(), down_.to_full),
            wish(down_.from, !connecting_ && down_.wants_to_read(), connecting_ || up_.to_full)};
  }
  [[nodiscard]] Time due() const { return std::min(connecting_ ? kNever : up_.due(), down_.due()); }

  // False: it is over, and closed.
  bool move(const std::array<pollfd, 2>& ready, Chance& chance, Time now) {
    if (go_on(ready, chance, now)) return true;
    ::close(up_.from);
    ::close(up_.to);
    return false;
  }

 private:
  // Of one that wants nothing, poll would tell the end again and again.
  static pollfd wish(int fd, bool in, bool out) {
    return {in || out ? fd : -1, static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0)), 0};
  }

  bool go_on(const std::array<pollfd, 2>& ready, Chance& chance, Time now) {
    const Faults& faults = route_.faults;
    if (connecting_ && ready[1].revents != 0) {
      int error = 0;
      socklen_t size = sizeof error;
      if (::getsockopt(up_.to, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return false;
      connecting_ = false;
    }
    if ((ready[0].revents & POLLOUT) != 0) down_.to_full = false;
    if ((ready[1].revents & POLLOUT) != 0) up_.to_full = false;
    constexpr short readable = POLLIN | POLLHUP | POLLERR;
    if ((ready[0].revents & readable) != 0 && up_.wants_to_read() && !up_.read(faults, chance, now))
      return false;
    if ((ready[1].revents & readable) != 0 && !connecting_ && down_.wants_to_read() &&
        !down_.read(faults, chance, now))
      return false;
    if (faults.tear_within == 0) left_.reset();
    if (faults.tear_within != 0 && !left_) left_ = chance.up_to(faults.tear_within);
    std::size_t limit = left_.value_or(std::numeric_limits<std::size_t>::max());
    if (!connecting_ && !up_.write(faults, limit, now)) return false;
    if (!down_.write(faults, limit, now)) return false;
    if (left_) left_ = limit;
    if (limit == 0) {
      ++chance.torn;
      if (chance.between(0, 1) == 0) reset();
    }
    return limit > 0;
  }
  // Its ends are told that it broke, instead of that it ended.
  void reset() const {
    const linger at_once{1, 0};
    for (const int fd : {up_.from, up_.to})
      (void)::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

  Route& route_;
  Flow up_, down_;  // to the target, from it
  bool connecting_ = true;
  std::optional<std::size_t> left_;  // bytes until it is torn
};

class Proxy {
 public:
  Proxy(std::uint64_t seed, const std::vector<std::string>& targets) {
    chance_.random.seed(seed);
    for (const std::string& target : targets) listen(target);
  }

  void run() {
    std::vector<pollfd> polled;
    for (;;) {
      polled.assign(1, {STDIN_FILENO, POLLIN, 0});
      for (const Route& route : routes_) polled.push_back({route.listener, POLLIN, 0});
      const Time now = now_ms();
      Time due = kNever;
      for (const Pair& pair : pairs_) {
        for (const pollfd& wish : pair.interest()) polled.push_back(wish);
        due = std::min(due, pair.due());
      }
      const Time wait = due == kNever ? -1 : std::clamp<Time>(due - now, 0, 1000);
      if (::poll(polled.data(), polled.size(), static_cast<int>(wait)) < 0 && errno != EINTR)
        throw std::runtime_error("the system does not poll");
      auto ready = polled.begin() + 1 + static_cast<std::ptrdiff_t>(routes_.size());
      const Time moved = now_ms();
      for (auto pair = pairs_.begin(); pair != pairs_.end(); ready += 2)
        pair = pair->move({*ready, *(ready + 1)}, chance_, moved) ? std::next(pair) : pairs_.erase(pair);
      for (std::size_t i = 0; i < routes_.size(); ++i)
        if (polled[i + 1].revents != 0) accept(routes_[i]);
      if (polled[0].revents != 0 && !obey()) return;
    }
  }

 private:
  void listen(const std::string& target);
  void accept(Route& route);
  bool obey();
  std::string answer(const std::string& line);

  std::deque<Route> routes_;  // pairs refer to them
  std::list<Pair> pairs_;
  Chance chance_;
  std::string commands_;  // read, and not yet a whole line
};

void Proxy::listen(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  std::uint16_t port = 0;
  Route& route = routes_.emplace_back();
  route.target.sin_family = AF_INET;
  if (colon == std::string::npos ||
      ::inet_pton(AF_INET, target.substr(0, colon).c_str(), &route.target.sin_addr) != 1 ||
      std::from_chars(target.data() + colon + 1, target.data() + target.size(), port).ec != std::errc())
    throw std::runtime_error(target + " is not HOST:PORT with an IPv4 address");
  route.target.sin_port = htons(port);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  route.listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (::bind(route.listener, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
      ::listen(route.listener, 128) != 0 ||
      ::getsockname(route.listener, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    throw std::runtime_error("no port can be had");
  std::cout << (routes_.size() > 1 ? " " : "") << ntohs(own.sin_port);
}

void Proxy::accept(Route& route) {
  const int caller = ::accept4(route.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (caller < 0) return;
  const int target = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (target < 0 ||
      (::connect(target, reinterpret_cast<const sockaddr*>(&route.target), sizeof route.target) != 0 &&
       errno != EINPROGRESS)) {
    ::close(caller);
    if (target >= 0) ::close(target);
    return;
  }
  pairs_.emplace_back(route, caller, target);
}

// False: the commands have ended.
bool Proxy::obey() {
  std::array<char, 4096> buffer;
  const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (n <= 0) return false;
  commands_.append(buffer.data(), static_cast<std::size_t>(n));
  for (std::size_t end = commands_.find('\n'); end != std::string::npos; end = commands_.find('\n')) {
    std::cout << answer(commands_.substr(0, end)) << std::endl;
    commands_.erase(0, end + 1);
  }
  return true;
}

std::string Proxy::answer(const std::string& line) {
  std::istringstream words(line);
  if (line == "counts")
    return "torn " + std::to_string(chance_.torn) + " corrupted " + std::to_string(chance_.corrupted);
  std::size_t number = 0, first = 0, second = 0;
  std::string verb;
  if (!(words >> number >> verb) || number >= routes_.size()) return "a command is ROUTE VERB NUMBER…";
  Faults& faults = routes_[number].faults;
  if (verb == "pass") {
    faults = {};
  } else if (verb == "delay" && words >> first >> second) {
    faults.delay_low = static_cast<Time>(first);
    faults.delay_high = static_cast<Time>(second);
  } else if (verb == "drip" && words >> first >> second && first > 0) {
    faults.drip_bytes = first;
    faults.drip_ms = static_cast<Time>(second);
  } else if (verb == "tear" && words >> first && first > 0) {
    faults.tear_within = first;
  } else if (verb == "corrupt" && words >> first && first > 0) {
    faults.corrupt_within = first;
  } else {
    return "no command is \"" + line + "\"";
  }
  return "done";
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 3) throw std::runtime_error("usage: faulty-proxy SEED HOST:PORT…");
    Proxy proxy(std::stoull(argv[1]), {argv + 2, argv + argc});
    std::cout << std::endl;
    proxy.run();
  } catch (const std::exception& failed) {
    std::cerr << "faulty-proxy: " << failed.what() << "\n";
    return 1;
  }
  return 0;
}
