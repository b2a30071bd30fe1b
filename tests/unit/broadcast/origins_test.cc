#include "server/broadcast/origins.h"

#include <catch2/catch.hpp>

#include "tests/unit/broadcast/values.h"

namespace muster::broadcast {

TEST_CASE("only the next proposal of an origin is accepted") {
  Origins origins;
  CHECK_FALSE(origins.accept(forward(1, 7, 2)));
  CHECK(origins.accept(forward(1, 7, 1)));
  CHECK_FALSE(origins.accept(forward(1, 7, 1)));
  CHECK_FALSE(origins.accept(forward(1, 7, 3)));
  CHECK(origins.accept(forward(1, 7, 2)));
  CHECK(origins.last_n(ServerId{1}, 7) == 2);
}

TEST_CASE("origins do not disturb each other, and a new process starts again at 1") {
  Origins origins;
  CHECK(origins.accept(forward(2, 7, 1)));
  CHECK(origins.accept(forward(1, 9, 1)));
  CHECK(origins.accept(forward(2, 7, 2)));
  CHECK(origins.last_n(ServerId{2}, 8) == 0);
  CHECK_FALSE(origins.accept(forward(2, 8, 3)));
  CHECK(origins.accept(forward(2, 8, 1)));
  CHECK(origins.table() == std::vector<ForwardId>{forward(1, 9, 1), forward(2, 8, 1)});
  CHECK(Origins(origins.table()).accept(forward(2, 8, 2)));
}

}  // namespace muster::broadcast
