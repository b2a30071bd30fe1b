#include "server/frontend/expiry.h"

#include <catch2/catch.hpp>

using namespace muster;
using namespace muster::frontend;

namespace {

constexpr std::int64_t tick_ms = 25;

struct Leader {
  Expiry expiry{tick_ms, 0};
  Now now{1000, 0};

  // Ticks on; the sessions that were judged silent on the way.
  std::vector<std::int64_t> pass(std::int64_t ms) {
    std::vector<std::int64_t> silent;
    for (const std::int64_t end = now.mono_ms + ms; now.mono_ms < end;) {
      now.mono_ms += tick_ms;
      for (const auto& session : expiry.advance(now, 1000)) silent.push_back(session.session.value);
    }
    return silent;
  }
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a silent session is judged once, after its time-out and soon after") {
  Leader leader;
  leader.expiry.start(leader.now, {{SessionId{1}, Zxid{10}, ServerId{1}, 4000}});
  CHECK(leader.pass(4000).empty());
  CHECK(leader.pass(100) == Ids{1});
  CHECK(leader.pass(20000).empty());
}

TEST_CASE("people can see how long each session has left") {
  Leader leader;
  leader.expiry.start(leader.now, {{SessionId{1}, Zxid{10}, ServerId{1}, 4000},
                                   {SessionId{3}, Zxid{11}, ServerId{1}, 2000},
                                   {SessionId{2}, Zxid{12}, ServerId{1}, 4000}});
  using Left = std::vector<std::pair<std::int64_t, SessionId>>;
  CHECK(leader.expiry.left() == Left{{2000, SessionId{3}}, {4000, SessionId{1}}, {4000, SessionId{2}}});
  (void)leader.pass(500);
  leader.expiry.touch(SessionId{1});
  CHECK(leader.expiry.left() == Left{{1500, SessionId{3}}, {3500, SessionId{2}}, {4000, SessionId{1}}});
  leader.expiry.end(SessionId{3});
  leader.expiry.end(SessionId{2});
  CHECK(leader.expiry.left() == Left{{4000, SessionId{1}}});
}

TEST_CASE("a touch gives a full time-out") {
  Leader leader;
  leader.expiry.start(
      leader.now, {{SessionId{1}, Zxid{10}, ServerId{1}, 4000}, {SessionId{2}, Zxid{11}, ServerId{1}, 4000}});
  CHECK(leader.pass(3900).empty());
  leader.expiry.touch(SessionId{1});
  leader.expiry.touch(SessionId{99});
  CHECK(leader.pass(3900) == Ids{2});
  CHECK(leader.pass(300) == Ids{1});
}

TEST_CASE("a machine that was paused expires nobody") {
  Leader leader;
  leader.expiry.start(leader.now, {{SessionId{1}, Zxid{10}, ServerId{1}, 4000}});
  leader.now.mono_ms += 3600 * 1000;
  CHECK(leader.expiry.advance(leader.now, 1000).empty());
  leader.now.mono_ms -= 500;  // and a clock that is wrong does no harm
  CHECK(leader.expiry.advance(leader.now, 1000).empty());
  CHECK(leader.pass(3900).empty());
  CHECK(leader.pass(200) == Ids{1});
}

TEST_CASE("attaching starts anew, with the new time-out and owner") {
  Leader leader;
  leader.expiry.start(leader.now, {});
  leader.expiry.begin(SessionId{1}, Zxid{10}, 40000);
  CHECK(leader.pass(1000).empty());
  leader.expiry.begin(SessionId{1}, Zxid{20}, 4000);
  CHECK(leader.pass(4000).empty());
  leader.now.mono_ms += tick_ms;
  const auto silent = leader.expiry.advance(leader.now, 1000);
  REQUIRE(silent.size() == 1);
  CHECK(silent[0] == tree::ExpireSession{SessionId{1}, Zxid{20}});
  CHECK(leader.pass(50000).empty());

  // A client that came back between the judgement and its entry is judged anew.
  leader.expiry.begin(SessionId{1}, Zxid{30}, 4000);
  CHECK(leader.pass(4100) == Ids{1});
}

TEST_CASE("what could not be proposed is judged again; what ended is not") {
  Leader leader;
  leader.expiry.start(
      leader.now, {{SessionId{1}, Zxid{1}, ServerId{1}, 4000}, {SessionId{2}, Zxid{2}, ServerId{1}, 4000}});
  leader.expiry.end(SessionId{2});
  CHECK(leader.pass(4100) == Ids{1});
  leader.expiry.again(SessionId{1});
  leader.expiry.again(SessionId{2});
  CHECK(leader.pass(100) == Ids{1});
}

TEST_CASE("a judgement is withdrawn when something was heard meanwhile") {
  Leader leader;
  leader.expiry.start(leader.now, {{SessionId{1}, Zxid{1}, ServerId{1}, 4000}});
  CHECK(leader.pass(4100) == Ids{1});
  const tree::ExpireSession judged{SessionId{1}, Zxid{1}};
  CHECK(leader.expiry.still_silent(judged));
  leader.expiry.touch(SessionId{1});
  CHECK_FALSE(leader.expiry.still_silent(judged));
  CHECK(leader.pass(3900).empty());
  CHECK(leader.pass(200) == Ids{1});  // timed on
  leader.expiry.begin(SessionId{1}, Zxid{9}, 4000);
  CHECK_FALSE(leader.expiry.still_silent(judged));
  leader.expiry.end(SessionId{1});
  CHECK_FALSE(leader.expiry.still_silent(judged));
}

TEST_CASE("what is reported late has that much more time") {
  Leader leader;
  leader.expiry = Expiry(tick_ms, 500);
  leader.expiry.start(leader.now, {{SessionId{1}, Zxid{1}, ServerId{1}, 4000}});
  CHECK(leader.pass(4500).empty());
  CHECK(leader.pass(100) == Ids{1});
}

TEST_CASE("many at once are spread over ticks, none is lost") {
  Leader leader;
  std::vector<tree::Session> sessions;
  for (std::int64_t i = 1; i <= 250; ++i) sessions.push_back({SessionId{i}, Zxid{i}, ServerId{1}, 4000});
  leader.expiry.start(leader.now, sessions);
  CHECK(leader.pass(4000).empty());
  std::size_t judged = 0;
  for (int i = 0; i < 3; ++i) {
    leader.now.mono_ms += tick_ms;
    const std::size_t n = leader.expiry.advance(leader.now, 100).size();
    CHECK(n <= 100);
    judged += n;
  }
  CHECK(judged == 250);
}

TEST_CASE("who does not lead judges nobody") {
  Leader leader;
  leader.expiry.begin(SessionId{1}, Zxid{1}, 4000);
  CHECK(leader.pass(50000).empty());
  leader.expiry.start(leader.now, {{SessionId{1}, Zxid{1}, ServerId{1}, 4000}});
  leader.expiry.stop();
  CHECK_FALSE(leader.expiry.running());
  CHECK(leader.pass(50000).empty());
}
