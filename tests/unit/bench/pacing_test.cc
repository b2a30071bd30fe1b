#include "client/bench/pacing.h"

#include <catch2/catch.hpp>

using namespace muster::bench;

TEST_CASE("requests are due at even times, the first at the start") {
  Pace pace(1000, 1e6);  // one each 1,000 ns
  CHECK_FALSE(pace.take(999));
  CHECK(pace.take(1000) == 1000);
  CHECK_FALSE(pace.take(1999));
  CHECK(pace.next() == 2000);
  CHECK(pace.take(2000) == 2000);
}

TEST_CASE("after a pause all that were due are due, each at its own time") {
  Pace pace(0, 1e6);
  for (Time due = 0; due <= 50'000; due += 1000) CHECK(pace.take(50'500) == due);
  CHECK_FALSE(pace.take(50'500));
}

TEST_CASE("a rate that does not divide a second does not drift") {
  Pace pace(0, 3);
  int taken = 0;
  for (Time now = 0; now < 1000 * second; now += second / 10)
    while (pace.take(now)) ++taken;
  CHECK(taken == 3000);
}
