#include "server/broadcast/barriers.h"

#include <catch2/catch.hpp>

namespace muster::broadcast {
namespace {

std::vector<BarrierId> passed(Barriers& barriers, std::int64_t delivered) {
  std::vector<BarrierId> ids;
  barriers.take_passed(Zxid{delivered}, ids);
  return ids;
}

}  // namespace

TEST_CASE("barriers are asked together and pass when what was named is delivered") {
  Barriers barriers;
  barriers.add(10);
  barriers.add(11);
  const auto wire = barriers.ask(0);
  REQUIRE(wire);
  CHECK_FALSE(barriers.ask(0));
  barriers.answered(*wire, Zxid{5});
  CHECK(passed(barriers, 4).empty());
  CHECK(passed(barriers, 5) == std::vector<BarrierId>{10, 11});
  CHECK(barriers.empty());
}

TEST_CASE("an answer to an earlier attempt does not count") {
  Barriers barriers;
  barriers.add(10);
  const auto first = barriers.ask(0);
  barriers.ask_again();
  const auto second = barriers.ask(1);
  REQUIRE(first != second);
  barriers.answered(*first, Zxid{1});
  CHECK(passed(barriers, 9).empty());
  barriers.answered(*second, Zxid{8});
  CHECK(passed(barriers, 9) == std::vector<BarrierId>{10});
}

TEST_CASE("an answer stays good when the leader changes") {
  Barriers barriers;
  barriers.add(10);
  barriers.answered(*barriers.ask(0), Zxid{8});
  barriers.ask_again();
  CHECK_FALSE(barriers.ask(1));
  CHECK(passed(barriers, 8) == std::vector<BarrierId>{10});
}

TEST_CASE("a question that stays without an answer is overdue") {
  Barriers barriers;
  barriers.add(10);
  CHECK_FALSE(barriers.overdue(100));
  REQUIRE(barriers.ask(50));
  CHECK_FALSE(barriers.overdue(50));
  CHECK(barriers.overdue(51));
}

TEST_CASE("the leader answers what a quorum's echo of a later beat confirms") {
  Confirmations confirmations;
  confirmations.add({ServerId{2}, 1, 0, Zxid{}});  // came before the leader was established
  confirmations.add({ServerId{3}, 1, 7, Zxid{40}});
  std::vector<Confirmations::Question> out;
  confirmations.take_confirmed(6, out);
  CHECK(out.empty());
  confirmations.established(Zxid{41}, 8);
  CHECK(confirmations.wanted_beat() == 8);
  confirmations.take_confirmed(7, out);
  REQUIRE(out.size() == 1);
  CHECK(out[0].asker == ServerId{3});
  confirmations.take_confirmed(8, out);
  REQUIRE(out.size() == 2);
  CHECK(out[1].zxid == Zxid{41});
  confirmations.add({ServerId{2}, 2, 9, Zxid{42}});
  confirmations.forget(ServerId{2});
  CHECK(confirmations.wanted_beat() == 0);
}

}  // namespace muster::broadcast
