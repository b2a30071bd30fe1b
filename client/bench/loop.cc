#include "client/bench/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "common/check.h"

namespace muster::bench {
namespace {

constexpr Time rest = 50 * millisecond;      // between attempts to connect
constexpr Time round = 100 * millisecond;    // between looks at who is silent
constexpr Time attempt_limit = 3 * second;   // to connect and shake hands
constexpr Time silence_limit = 20 * second;  // of a server that owes an answer
constexpr Time opening_limit = 20 * second;  // for all connections
constexpr Time closing_limit = 3 * second;

// Does nothing until all are open.
class Opening : public Work {
 public:
  void start(Loop& loop, Time now) override {
    loop_ = &loop;
    deadline_ = now + opening_limit;
  }
  void answered(Connection& /*connection*/, const Answer& /*answer*/) override {}
  Time advance(Time now) override {
    const auto& all = loop_->connections();
    done_ = std::all_of(all.begin(), all.end(), [](const Connection& one) { return one.open(); });
    if (!done_ && now > deadline_)
      throw std::runtime_error(
          "not all connections get a session; see 'muster status', or name other servers with -s");
    return deadline_;
  }
  [[nodiscard]] bool done() const override { return done_; }

 private:
  Loop* loop_ = nullptr;
  Time deadline_ = 0;
  bool done_ = false;
};

class Closing : public Work {
 public:
  void start(Loop& loop, Time now) override {
    deadline_ = now + closing_limit;
    for (Connection& connection : loop.connections()) {
      if (!connection.open()) continue;
      connection.send(wire::CloseSessionRequest{}, {now, Kind::chore});
      loop.touch(connection);
      ++waiting_;
    }
  }
  void answered(Connection& connection, const Answer& /*answer*/) override {
    if (connection.in_flight().empty()) --waiting_;
  }
  void lost(Connection& connection, Time /*now*/) override {
    if (!connection.in_flight().empty()) --waiting_;
  }
  Time advance(Time now) override {
    if (now > deadline_) waiting_ = 0;
    return deadline_;
  }
  [[nodiscard]] bool done() const override { return waiting_ == 0; }

 private:
  Time deadline_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace

Time Loop::now() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * second + at.tv_nsec;
}

Loop::Loop(std::vector<sockaddr_storage> servers, std::size_t connections, std::size_t first)
    : servers_(std::move(servers)),
      buffer_(std::size_t{256} * 1024, '\0'),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  CHECK(epoll_ >= 0, "the system gives an epoll");
  for (std::size_t i = 0; i < connections; ++i) {
    connections_.emplace_back(i);
    connections_.back().server = (first + i) % servers_.size();
  }
}

Loop::~Loop() { ::close(epoll_); }

void Loop::open_all() {
  Opening opening;
  run(opening);
}

void Loop::close_all() {
  Closing closing;
  run(closing);
  for (Connection& connection : connections_) connection.drop();
}

void Loop::run(Work& work) {
  work_ = &work;
  work.start(*this, now());
  flush_touched(now());
  std::array<epoll_event, 256> events;
  while (!work.done()) {
    Time at = now();
    if (at - kept_alive_ >= round) keep_alive(at);
    if (stop_ != nullptr && *stop_) throw Interrupted();
    const Time until = std::min(work.advance(at), kept_alive_ + round);
    flush_touched(at);
    if (work.done()) break;
    const Time wait = std::max<Time>(until - now(), 0);
    const timespec limit{wait / second, wait % second};
    const int count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      ready(connections_[event.data.u64], event.events, now());
      flush_touched(now());
    }
  }
  work_ = nullptr;
}

void Loop::watch(const Connection& connection, int operation, bool to_write) const {
  epoll_event event{};
  event.events = to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = connection.index();
  ::epoll_ctl(epoll_, operation, connection.descriptor(), &event);
}

void Loop::connect(Connection& connection, Time now) {
  const sockaddr_storage& server = servers_[connection.server];
  connection.server = (connection.server + 1) % servers_.size();
  connection.heard_at = connection.spoke_at = now;
  if (connection.connect(server, now)) watch(connection, EPOLL_CTL_ADD, true);
}

void Loop::reopen(Connection& connection, Time now) {
  connection.drop();
  connect(connection, now);
}

void Loop::lose(Connection& connection, Time now) {
  if (connection.state() == Connection::State::resting) return;
  if (connection.open()) work_->lost(connection, now);
  connection.drop();
  connection.changed_at = now;
}

void Loop::touch(Connection& connection) {
  if (connection.dirty) return;
  connection.dirty = true;
  touched_.push_back(&connection);
}

void Loop::flush_touched(Time now) {
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    touched_[i]->dirty = false;
    if (touched_[i]->state() != Connection::State::resting) flush(*touched_[i], now);
  }
  touched_.clear();
}

void Loop::flush(Connection& connection, Time now) {
  connection.spoke_at = now;
  if (!connection.flush()) return lose(connection, now);
  if (connection.wants_to_write()) watch(connection, EPOLL_CTL_MOD, true);
}

void Loop::ready(Connection& connection, unsigned events, Time now) {
  if (connection.state() == Connection::State::resting) return;
  if ((events & EPOLLOUT) != 0) {
    if (connection.state() == Connection::State::connecting && !connection.connected())
      return lose(connection, now);
    if (!connection.flush()) return lose(connection, now);
    if (!connection.wants_to_write()) watch(connection, EPOLL_CTL_MOD, false);
  }
  if ((events & ~static_cast<unsigned>(EPOLLOUT)) == 0) return;
  if (!connection.read(buffer_, now)) return lose(connection, now);
  tell(connection, now);
}

void Loop::tell(Connection& connection, Time now) {
  using What = Connection::Frame::What;
  for (;;) {
    const Connection::Frame frame = connection.next(now);
    switch (frame.what) {
      case What::nothing:
        return;
      case What::welcome:
        work_->opened(connection, now);
        break;
      case What::answer:
        work_->answered(connection, frame.answer);
        break;
      case What::event:
        work_->notified(connection, now);
        break;
      case What::pong:
        break;
      case What::refused:
        return lose(connection, now);
      case What::nonsense:
        throw std::runtime_error("a server answered what it was not asked, or out of order");
    }
    if (!connection.open()) return;  // it was opened again
  }
}

void Loop::keep_alive(Time now) {
  kept_alive_ = now;
  for (Connection& connection : connections_) {
    switch (connection.state()) {
      case Connection::State::resting:
        if (now - connection.changed_at >= rest) connect(connection, now);
        break;
      case Connection::State::connecting:
      case Connection::State::shaking:
        if (now - connection.changed_at >= attempt_limit) lose(connection, now);
        break;
      case Connection::State::open:
        if (!connection.in_flight().empty() && now - connection.heard_at >= silence_limit) {
          lose(connection, now);
        } else if (now - connection.spoke_at >= connection.ping_after()) {
          connection.ping();
          touch(connection);
        }
        break;
    }
  }
}

}  // namespace muster::bench
