// Sessions: outcomes across broken connections, expiry, the list of servers, servers without a quorum.
#include <thread>

#include "tests/client_suite/suite.h"

namespace muster::suite {
namespace {

std::string number(int n) { return std::to_string(n); }

TEST_CASE("writes in flight when their server dies") {
  Case c;
  const BlockingClient client = Case::connected();
  constexpr int writers = 20;
  std::atomic<int> started = 0;
  std::array<std::optional<Answer<Created>>, writers> answers;
  // The answers stay on the way, so that the writes are done and their writers do not know it.
  const int victim = connected_server();
  order("hold_answers " + number(victim));
  std::vector<std::thread> threads;
  for (auto& answer : answers) {
    threads.emplace_back([&] {
      ++started;
      answer = client.create(c.base + "/s-", "", CreateMode::sequential);
    });
  }
  eventually("the writes are done", [&] {
    return started == writers && good(c.other.linearizable().children(c.base)).names.size() == writers;
  });
  order("kill " + number(victim));
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> told;
  for (const auto& answer : answers) {
    if (*answer) {
      told.push_back((*answer)->path.substr(c.base.size() + 1));
    } else {
      CHECK_FALSE(exactly_once());
      CHECK(answer->error() == ErrorCode::connection_loss);
      CHECK(is_outcome_unknown(answer->error()));
    }
  }
  const std::vector<std::string> made = good(c.other.linearizable().children(c.base)).names;
  CHECK(made.size() == writers);
  if (exactly_once()) {
    std::sort(told.begin(), told.end());
    CHECK(told == made);
  }
}

TEST_CASE("writes that wait for a server are done once, in their order") {
  Case c;
  const BlockingClient client = Case::connected();
  for (int n = 1; n <= 3; ++n) order("cut " + number(n));
  eventually("the loss is noticed", [&] { return client.state() == SessionState::connecting; });
  std::thread first([&] { good(client.set(c.base, "1", 0)); });
  std::this_thread::sleep_for(
      20ms);  // for the sake of the order of the calls, which is not what is tested: versions are
  std::thread second([&] { CHECK((client.create(c.base + "/a", ""), true)); });
  for (int n = 1; n <= 3; ++n) order("pass " + number(n));
  first.join();
  second.join();
  CHECK(good(c.other.linearizable().get(c.base)).stat.version == 1);
}

TEST_CASE("a session that expires says so, and its ephemeral nodes are gone") {
  Case c;
  const BlockingClient client = Case::connected(Case::config(2s));
  const BlockingSessionEvents events = client.session_events();
  CHECK(good(events.next(long_time)) == SessionState::connected);
  good(client.create(c.base + "/e", "", CreateMode::ephemeral));
  const auto gone = good(c.other.linearizable().exists_and_watch(c.base + "/e"));
  REQUIRE(gone.value);
  const auto watched = good(client.get_and_watch(c.base));
  for (int n = 1; n <= 3; ++n) order("cut " + number(n));
  CHECK(client.get(c.base).error() == ErrorCode::session_expired);
  SessionState before = SessionState::connected, last = good(events.next(long_time));
  while (!is_over(last)) before = std::exchange(last, good(events.next(long_time)));
  CHECK(before == SessionState::connecting);
  CHECK(last == SessionState::expired);
  CHECK(events.next(long_time).error() == ErrorCode::session_expired);
  CHECK(watched.watch.next(long_time).error() == ErrorCode::session_expired);
  // By its own clock: before anybody else could be told.
  CHECK(good(gone.watch.next(long_time)) == WatchedEvent{EventType::node_deleted, c.base + "/e"});
}

TEST_CASE("a session outlives a cut that is shorter than its time-out") {
  Case c;
  const BlockingClient client = Case::connected(Case::config(8s));
  good(client.create(c.base + "/e", "", CreateMode::ephemeral));
  const SessionId session = client.session_id();
  for (int n = 1; n <= 3; ++n) order("cut " + number(n));
  eventually("the loss is noticed", [&] { return client.state() == SessionState::connecting; });
  for (int n = 1; n <= 3; ++n) order("pass " + number(n));
  CHECK(good(client.exists(c.base + "/e"))->ephemeral_owner == session);
}

TEST_CASE("a server that is silent is left") {
  Case c;
  const BlockingClient client = Case::connected(Case::config(4s));
  const int silent = connected_server();
  order("hold " + number(silent));
  CHECK(good(client.get(c.base)).data.empty());
  CHECK(connected_servers() != std::vector<int>{silent});
}

TEST_CASE("who leaves the list is left, who joins it is used") {
  Case c;
  ClientConfig config = Case::config();
  config.servers = server(1);
  constexpr int clients = 30;
  std::vector<BlockingClient> all;
  for (int i = 0; i < clients; ++i) all.push_back(Case::connected(config));
  const auto at = [&](int n) {
    std::istringstream counts(order("connections"));
    int count = 0;
    while (n-- > 0) counts >> count;
    return count;
  };
  CHECK(at(1) == clients);
  // Each moves with probability 2/3. 4 of 30 or fewer stay, or 17 or more, in one of 400 runs each.
  for (const BlockingClient& client : all)
    client.update_servers(server(1) + "," + server(2) + "," + server(3));
  const auto settled = [&] {
    for (const BlockingClient& client : all) {
      if (!client.get(c.base)) return false;
    }
    return at(1) + at(2) + at(3) == clients;
  };
  eventually("all are connected", settled);
  CHECK(at(1) >= 2);
  CHECK(at(1) <= 19);
  CHECK(at(2) > 0);
  CHECK(at(3) > 0);
  for (const BlockingClient& client : all) client.update_servers(server(2));
  eventually("all are at the server that is left", [&] { return settled() && at(2) == clients; });
}

TEST_CASE("read-only is no different while there is a quorum") {
  Case c;
  ClientConfig config = Case::config();
  config.read_only = true;
  const BlockingClient client = Case::connected(config);
  CHECK(client.state() == SessionState::connected);
  good(client.set(c.base, "written"));
}

TEST_CASE("reads that are linearizable show every write that is over") {
  Case c;
  ClientConfig here = Case::config(), there = Case::config();
  here.servers = server(1);
  there.servers = server(2);
  const BlockingClient writer = Case::connected(here), reader = Case::connected(there).linearizable();
  for (int i = 1; i <= 200; ++i) {
    good(writer.set(c.base, number(i)));
    const std::string data = good(reader.get(c.base)).data;
    const std::int32_t version = good(reader.exists(c.base))->version;
    if (!sync_is_confirmed()) continue;
    REQUIRE(data == number(i));
    REQUIRE(version == i);
  }
}

TEST_CASE("nobody listens") {
  Case c;
  for (int n = 1; n <= 3; ++n) order("cut " + number(n));
  ClientConfig config = Case::config();
  config.connect_timeout = 300ms;
  const BlockingClient client(config);
  CHECK(client.connected().error() == ErrorCode::operation_timeout);
  CHECK(client.with_timeout(100ms).get("/").error() == ErrorCode::operation_timeout);
  for (int n = 1; n <= 3; ++n) order("pass " + number(n));
  good(client.with_timeout(long_time).get("/"));  // it went on trying
}

}  // namespace
}  // namespace muster::suite
