#include "server/frontend/touches.h"

#include <catch2/catch.hpp>

using namespace muster;
using namespace muster::frontend;

namespace {

struct Server {
  Touches touches;
  Now now{0, 0};
  std::uint64_t marks[4] = {};

  // Connection i speaks for session 100 + i, with a time-out of 3 s.
  void touch(std::uint64_t i) {
    touches.touch(now, SessionId{static_cast<std::int64_t>(100 + i)}, i, 3000, marks[i]);
  }
};

}  // namespace

TEST_CASE("a report names each session once") {
  Server server;
  CHECK(server.touches.report(server.now).sessions.empty());
  server.touch(2);
  server.touch(1);
  server.touch(2);
  const auto report = server.touches.report(server.now);
  CHECK(report.n == 1);
  CHECK(report.sessions == std::vector<SessionId>{SessionId{101}, SessionId{102}});
  CHECK(server.touches.report(server.now).sessions.empty());
  server.touch(2);
  CHECK(server.touches.report(server.now).n == 2);
}

TEST_CASE("a touch that no leader confirms for a third of the time-out gives the connection up, once") {
  Server server;
  server.touch(1);
  server.now.mono_ms = 500;
  server.touch(2);
  server.now.mono_ms = 999;
  (void)server.touches.report(server.now);
  CHECK(server.touches.overdue(server.now).empty());
  server.now.mono_ms = 1000;
  CHECK(server.touches.overdue(server.now) == std::vector<ConnId>{1});
  CHECK(server.touches.overdue(server.now).empty());
  server.now.mono_ms = 1500;
  CHECK(server.touches.overdue(server.now) == std::vector<ConnId>{2});
}

TEST_CASE("a confirmed report is settled; a later one is not") {
  Server server;
  server.touch(1);
  const auto first = server.touches.report(server.now);
  server.now.mono_ms = 100;
  server.touch(1);
  const auto second = server.touches.report(server.now);
  CHECK(server.touches.confirmed(first.n).connections == std::vector<ConnId>{1});
  CHECK(server.touches.confirmed(77).connections.empty());
  server.now.mono_ms = 1099;
  CHECK(server.touches.overdue(server.now).empty());
  server.now.mono_ms = 1100;
  CHECK(server.touches.overdue(server.now) == std::vector<ConnId>{1});
  CHECK(server.touches.confirmed(second.n).connections.empty());  // it was given up
  CHECK(server.touches.oldest_report_ms() == -1);
}

TEST_CASE("a lost report is made again, under another number, and keeps its age") {
  Server server;
  server.touch(1);
  const auto first = server.touches.report(server.now);
  server.now.mono_ms = 300;
  server.touch(1);
  server.touch(2);
  server.touches.lost();
  const auto again = server.touches.report(server.now);
  CHECK(again.n > first.n);
  CHECK(again.sessions == std::vector<SessionId>{SessionId{101}, SessionId{102}});
  // Too late: it may have been another leader's.
  CHECK(server.touches.confirmed(first.n).connections.empty());
  server.now.mono_ms = 1000;
  CHECK(server.touches.overdue(server.now) == std::vector<ConnId>{1});
}

TEST_CASE("what is counted tells the touches made before the report from those made after it") {
  Server server;
  server.touch(1);
  const std::uint64_t before = server.marks[1];
  const auto report = server.touches.report(server.now);
  server.touch(1);
  const auto counted = server.touches.confirmed(report.n);
  CHECK(before <= counted.through);
  CHECK(server.marks[1] > counted.through);

  (void)server.touches.report(server.now);
  server.touches.lost();  // what was reported belongs to the next report
  const auto again = server.touches.report(server.now);
  CHECK(server.marks[1] <= server.touches.confirmed(again.n).through);
}
