#include "tests/bench/crowd.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "client/bench/servers.h"
#include "client/src/connect_string.h"

namespace muster::bench {
namespace {

constexpr Time look_after = 10 * millisecond;  // for what is asked

std::string path() { return "/crowd/" + std::string(Prepared::mark); }

}  // namespace

Crowd::Crowd(CrowdWatches watches) : watches_(watches), exists_(wire::ExistsRequest{path(), true}) {}

void Crowd::start(Loop& loop, Time /*now*/) {
  loop_ = &loop;
  sessions_.resize(loop.connections().size());
}

void Crowd::opened(Connection& connection, Time now) {
  SessionId& session = sessions_[connection.index()];
  if (session != SessionId{} && session != connection.session()) ++expired_;
  session = connection.session();
  ++open_;
  last_opened_ = now;
  // They did not all begin to live in the same moment.
  const auto share = static_cast<double>(connection.index()) / static_cast<double>(sessions_.size());
  connection.spoke_at = now - static_cast<Time>(share * static_cast<double>(connection.ping_after()));
}

void Crowd::watch(Connection& connection, Time now) {
  const std::uint64_t first = watches_.own ? connection.index() * watches_.each : 0;
  for (std::uint64_t i = 0; i < watches_.each; ++i) connection.send(exists_, first + i, {now, Kind::chore});
  loop_->touch(connection);
}

void Crowd::answered(Connection& /*connection*/, const Answer& answer) {
  if (answer.error == ErrorCode::no_node || answer.error == ErrorCode::ok) ++watched_;
}

void Crowd::notified(Connection& /*connection*/, Time /*now*/) { ++events_; }

void Crowd::lost(Connection& /*connection*/, Time /*now*/) {
  --open_;
  ++lost_;
}

Time Crowd::advance(Time now) {
  if (now >= next_look_) {
    listen(now);
    next_look_ = now + look_after;
  }
  return next_look_;
}

void Crowd::listen(Time now) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, 0) <= 0) return;
  char next = 0;
  done_ = ::read(STDIN_FILENO, &next, 1) <= 0;
  if (next != '\n') {
    line_ += next;
    return listen(now);
  }
  if (line_ == "watch")
    for (Connection& connection : loop_->connections()) watch(connection, now);
  else
    report();
  line_.clear();
}

void Crowd::report() const {
  fmt::print(
      "{{\"open\": {}, \"lost\": {}, \"expired\": {}, \"watched\": {}, \"events\": {}, \"last_opened\": "
      "{:.6f}}}\n",
      open_, lost_, expired_, watched_, events_, static_cast<double>(last_opened_) / second);
  std::fflush(stdout);
}

}  // namespace muster::bench

// HOSTS CONNECTIONS TIMEOUT_MS [WATCHES shared|own]
int main(int argc, char** argv) {
  using namespace muster::bench;
  if (argc != 4 && argc != 6) return 2;
  const auto number = [&](int at) { return std::strtoul(argv[at], nullptr, 10); };
  const auto where = muster::client::parse_connect_string(argv[1]);
  if (!where) return 2;
  CrowdWatches watches;
  if (argc == 6) watches = {number(4), std::string(argv[5]) == "own"};
  try {
    Loop loop(addresses_of(*where), number(2));
    for (Connection& connection : loop.connections())
      connection.keep_session(static_cast<std::int32_t>(number(3)));
    Crowd crowd(watches);
    loop.run(crowd);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
  }
}
