#include "client/bench/timeline.h"

#include <catch2/catch.hpp>

using namespace muster::bench;

namespace {

Timeline with(Window window, std::initializer_list<Time> completions) {
  Timeline timeline(window);
  for (const Time at : completions) timeline.completed(at);
  return timeline;
}

constexpr Time ms = millisecond;

}  // namespace

TEST_CASE("only what completes within the window counts, its end not included") {
  const Timeline timeline = with({10 * ms, 20 * ms}, {9 * ms, 10 * ms, 15 * ms, 20 * ms - 1, 20 * ms});
  CHECK(timeline.count() == 3);
}

TEST_CASE("the longest gap lies between completions or at the window's ends") {
  const Window window{0, 100 * ms};
  CHECK(with(window, {}).longest_gap() == 100 * ms);
  CHECK(with(window, {5 * ms, 10 * ms, 95 * ms}).longest_gap() == 85 * ms);
  CHECK(with(window, {60 * ms, 90 * ms}).longest_gap() == 60 * ms);
  CHECK(with(window, {10 * ms, 30 * ms}).longest_gap() == 70 * ms);
  CHECK(with(window, {40 * ms + 1, 41 * ms - 1, 80 * ms + 5}).longest_gap() == 40 * ms + 1);
}

TEST_CASE("the lowest second is the least of the whole ones") {
  Timeline timeline({0, 3 * second + second / 2});
  for (int i = 0; i < 10; ++i) timeline.completed(i * 100 * ms);          // the first: 10
  for (int i = 0; i < 4; ++i) timeline.completed(second + i * 200 * ms);  // the second: 4
  for (int i = 0; i < 9; ++i)
    timeline.completed(2 * second + i * 50 * ms);  // the third: 9; the half has none
  CHECK(timeline.lowest_second() == 4);
}

TEST_CASE("a window without a whole second has its own rate") {
  CHECK(with({0, second / 2}, {1, 2, 3}).lowest_second() == 6);
}

TEST_CASE("the timelines of two threads added are one") {
  const Window window{0, 100 * ms};
  Timeline one = with(window, {10 * ms, 50 * ms + 10});
  one.add(with(window, {50 * ms + 3, 50 * ms + 20, 90 * ms}));
  CHECK(one.count() == 5);
  CHECK(one.longest_gap() == 40 * ms + 3 - 0);
  one.add(with(window, {}));
  CHECK(one.count() == 5);
}
