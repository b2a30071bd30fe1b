#include "server/broadcast/forwarder.h"

#include <catch2/catch.hpp>

namespace muster::broadcast {
namespace {

constexpr std::size_t plenty = 100000;

std::string unsent(Forwarder& forwarder, std::size_t max_bytes = plenty) {
  std::vector<SharedBytes> commands;
  const std::uint64_t n = forwarder.take_unsent(max_bytes, commands);
  std::string text = std::to_string(n) + ":";
  for (const auto& command : commands) text += command.view();
  return text;
}

Forwarder with(const std::string& letters) {
  Forwarder forwarder;
  for (const char c : letters) REQUIRE(forwarder.propose(SharedBytes(std::string(1, c)), plenty));
  return forwarder;
}

}  // namespace

TEST_CASE("proposals are numbered from 1 and leave in order, once") {
  Forwarder forwarder = with("abc");
  CHECK(forwarder.propose(SharedBytes("d"), plenty) == 4u);
  forwarder.welcomed(0);
  CHECK(unsent(forwarder) == "1:abcd");
  CHECK_FALSE(forwarder.has_unsent());
}

TEST_CASE("a new leader gets everything after the last that it holds") {
  Forwarder forwarder = with("abcd");
  forwarder.welcomed(0);
  CHECK(unsent(forwarder) == "1:abcd");
  forwarder.delivered(1);
  forwarder.welcomed(2);
  CHECK(unsent(forwarder) == "3:cd");
  forwarder.welcomed(0);  // it cannot lack what was delivered
  CHECK(unsent(forwarder) == "2:bcd");
}

TEST_CASE("a welcome that names what was never proposed is ignored") {
  Forwarder forwarder = with("ab");
  forwarder.welcomed(9);
  CHECK(unsent(forwarder) == "1:ab");
}

TEST_CASE("what is delivered before it was sent again is not sent again") {
  Forwarder forwarder = with("abc");
  forwarder.delivered(2);
  CHECK(forwarder.pending() == 1);
  CHECK(unsent(forwarder) == "3:c");
}

TEST_CASE("a batch holds at least one command and ends at the limit") {
  Forwarder forwarder = with("abc");
  CHECK(unsent(forwarder, 1) == "1:a");
  CHECK(unsent(forwarder, 130) == "2:bc");
}

TEST_CASE("proposals are refused when too much waits, and taken again after a delivery") {
  Forwarder forwarder;
  REQUIRE(forwarder.propose(SharedBytes("a"), 100));
  CHECK_FALSE(forwarder.propose(SharedBytes("b"), 100));
  forwarder.delivered(1);
  CHECK(forwarder.propose(SharedBytes("b"), 100) == 2u);
}

}  // namespace muster::broadcast
