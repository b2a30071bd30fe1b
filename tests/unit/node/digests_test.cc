#include "server/node/digests.h"

#include <catch2/catch.hpp>

using namespace muster;
using namespace muster::node;

namespace {

broadcast::Membership voters(int count) {
  broadcast::Membership membership;
  for (int id = 1; id <= count; ++id) membership.members.push_back({ServerId{id}, true});
  return membership;
}

// Server 1, which hears of the others.
struct Server {
  explicit Server(int servers) : membership(voters(servers)) {}

  broadcast::Membership membership;
  DigestLimits limits;
  Digests digests{ServerId{1}, limits, Zxid{}};
  std::int64_t ms = 1000;

  // An entry at a point.
  void applies(std::int64_t zxid, std::uint64_t digest) {
    digests.applied({ms, 0}, Zxid{zxid * 1000}, 0, digest);
  }
  void hears(int from, std::int64_t zxid, std::uint64_t digest) {
    digests.reported(ServerId{from}, {{Zxid{zxid * 1000}, digest}});
  }
  DigestFinding finds() { return digests.judge({ms, 0}, membership).finding; }
  Support support(int of, std::int64_t from) {
    return digests.support(ServerId{of}, Zxid{from * 1000}, membership);
  }
};

}  // namespace

TEST_CASE("points are the same on all servers, whenever they apply what is there") {
  Digests digests(ServerId{1}, DigestLimits(), Zxid{});
  const auto at = [&](std::int64_t ms, std::int64_t zxid, std::int64_t time_ms) {
    digests.applied({ms, 0}, Zxid{zxid}, time_ms, static_cast<std::uint64_t>(zxid));
  };
  at(0, 997, 5100);
  at(0, 998, 5999);
  CHECK(digests.take_news().empty());
  at(1, 999, 6000);   // another second of the leader's clock
  at(2, 1000, 6001);  // a thousandth entry
  at(3, 1001, 6002);
  CHECK(digests.take_news() == std::vector<DigestPoint>{{Zxid{999}, 999}, {Zxid{1000}, 1000}});
  digests.tick({502, 0}, 1001);
  CHECK(digests.take_news().empty());
  digests.tick({503, 0}, 1001);  // a pause
  digests.tick({504, 0}, 1001);
  CHECK(digests.take_news() == std::vector<DigestPoint>{{Zxid{1001}, 1001}});
  CHECK(digests.all().size() == 3);
}

TEST_CASE("a server that starts says what it holds, without an entry") {
  Digests digests(ServerId{1}, DigestLimits(), Zxid{7});
  digests.tick({10'000, 0}, 5);
  CHECK(digests.take_news() == std::vector<DigestPoint>{{Zxid{7}, 5}});
  Digests empty(ServerId{1}, DigestLimits(), Zxid{});
  empty.tick({10'000, 0}, 5);
  CHECK(empty.take_news().empty());
}

TEST_CASE("whoever has another state than a majority differs") {
  Server server(3);
  server.applies(1, 10);
  CHECK(server.finds() == DigestFinding::agreed);
  server.hears(2, 1, 11);
  CHECK(server.finds() == DigestFinding::agreed);  // the third may yet be heard
  server.hears(3, 1, 11);
  CHECK(server.digests.judge({server.ms, 0}, server.membership) ==
        DigestJudgement{DigestFinding::differs, Zxid{1000}, 10, 11});
}

TEST_CASE("whoever is of the majority goes on, and knows up to where it was confirmed") {
  Server server(3);
  server.applies(1, 10);
  server.hears(2, 1, 11);
  server.hears(3, 1, 10);
  CHECK(server.finds() == DigestFinding::agreed);
  CHECK(server.digests.confirmed() == Zxid{1000});
  server.applies(2, 20);
  server.hears(2, 2, 21);
  server.ms += 5000;
  CHECK(server.finds() == DigestFinding::agreed);  // contested from now on
  server.ms += 999;
  CHECK(server.finds() == DigestFinding::agreed);
  server.ms += 1;
  CHECK(server.finds() == DigestFinding::contested);
  server.hears(3, 2, 20);
  CHECK(server.finds() == DigestFinding::agreed);
}

TEST_CASE("where no majority can come, nobody waits for one") {
  SECTION("two servers") {
    Server server(2);
    server.applies(1, 10);
    server.hears(2, 1, 11);
    CHECK(server.finds() == DigestFinding::contested);
  }
  SECTION("three values") {
    Server server(3);
    server.applies(1, 10);
    server.hears(2, 1, 11);
    server.hears(3, 1, 12);
    CHECK(server.finds() == DigestFinding::contested);
  }
}

TEST_CASE("an older majority counts, whatever is newer") {
  Server server(3);
  server.applies(1, 10);
  server.applies(2, 20);
  server.hears(2, 2, 21);
  server.hears(2, 1, 11);  // not in order: not heard
  CHECK(server.finds() == DigestFinding::agreed);
  Server other(3);
  other.applies(1, 10);
  other.applies(2, 20);
  other.hears(2, 1, 11);
  other.hears(2, 2, 21);
  other.hears(3, 1, 11);  // it lags
  CHECK(other.finds() == DigestFinding::differs);
}

TEST_CASE("reports may come before the entries, and observers judge but do not count") {
  Server server(3);
  server.membership.members[0].voter = false;
  server.hears(2, 1, 11);
  server.hears(3, 1, 11);
  CHECK(server.finds() == DigestFinding::agreed);
  server.applies(1, 10);
  CHECK(server.finds() == DigestFinding::differs);
}

TEST_CASE("what a server said before it started anew is forgotten") {
  Server server(2);
  server.applies(1, 10);
  server.hears(2, 1, 11);
  server.digests.forget(ServerId{2});
  CHECK(server.finds() == DigestFinding::agreed);
  server.hears(2, 1, 10);
  CHECK(server.finds() == DigestFinding::agreed);
  CHECK(server.digests.confirmed() == Zxid{1000});
}

TEST_CASE("only so many points are kept of each server") {
  DigestLimits limits;
  limits.max_points = 3;
  Digests digests(ServerId{1}, limits, Zxid{});
  for (std::int64_t zxid = 1; zxid <= 9; ++zxid) {
    digests.applied({0, 0}, Zxid{zxid * 1000}, 0, 1);
    digests.reported(ServerId{2}, {{Zxid{zxid * 1000}, 2}});
  }
  CHECK(digests.take_news().size() == 3);
  CHECK(digests.all().front().zxid == Zxid{7000});
}

TEST_CASE("a state is confirmed by a majority at its zxid or later, or contradicted") {
  Server server(5);
  server.hears(2, 3, 30);
  CHECK(server.support(2, 3) == Support::unknown);
  server.hears(3, 3, 30);
  server.hears(4, 3, 31);
  CHECK(server.support(2, 3) == Support::contradicted);
  CHECK(server.support(2, 4) == Support::unknown);
  server.hears(5, 3, 30);
  CHECK(server.support(2, 3) == Support::confirmed);
  CHECK(server.support(2, 1) == Support::confirmed);
  CHECK(server.support(4, 3) == Support::contradicted);
}

TEST_CASE("where there is no majority without the one that asks, nobody is waited for") {
  Server server(2);
  CHECK(server.support(2, 3) == Support::unknown);
  server.hears(2, 3, 30);
  CHECK(server.support(2, 3) == Support::confirmed);
}
