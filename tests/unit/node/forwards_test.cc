#include "server/node/forwards.h"

#include <catch2/catch.hpp>

using namespace muster::node;

TEST_CASE("each proposal finds who waits for it, once") {
  Forwards forwards;
  forwards.add(1, {10, 0});
  forwards.add(2, {11, 5});
  CHECK(forwards.take(1).connection == 10);
  CHECK(forwards.take(1).connection == 0);  // a leader that lies has it twice: it was answered
  CHECK(forwards.take(2).slot == 5);
  CHECK(forwards.take(2).connection == 0);
  CHECK(forwards.size() == 0);
}
