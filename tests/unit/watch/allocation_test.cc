// What watches take.
#include <catch2/catch.hpp>
#include <string>

#include "server/watch/watches.h"
#include "tests/support/allocations.h"

namespace muster::watch {
namespace {

constexpr std::size_t connections = 200, paths = 200;

std::string path(std::size_t i) { return "/crowd/" + std::to_string(1'000'000'000 + i); }

// Bytes for each of connections × paths watches.
double bytes_each(bool own) {
  const std::ptrdiff_t before = test::held_bytes;
  Watches watches;
  for (ConnId connection = 1; connection <= connections; ++connection)
    for (std::size_t i = 0; i < paths; ++i)
      watches.add(connection, path(own ? connection * paths + i : i), Kind::data);
  REQUIRE(watches.size() == connections * paths);
  return static_cast<double>(test::held_bytes - before) / static_cast<double>(connections * paths);
}

}  // namespace

TEST_CASE(
    "a watch on a path that others watch takes less than 20 bytes; one of its own with the path about 100") {
  CHECK(bytes_each(false) < 20);
  CHECK(bytes_each(true) < 125);
}

TEST_CASE("watches that have fired leave nothing behind, however often they are set again") {
  Watches watches;
  const tree::Change change{tree::ChangeKind::data, path(1), nullptr};
  const auto once = [&] {
    for (ConnId connection = 1; connection <= connections; ++connection) {
      watches.add(connection, path(0), Kind::persistent);
      watches.add(connection, path(1), Kind::data);
    }
    CHECK(watches.on(change).size() == connections);
  };
  for (int i = 0; i < 100; ++i) once();
  const std::ptrdiff_t before = test::held_bytes;
  for (int i = 0; i < 100; ++i) once();
  CHECK(test::held_bytes <= before);
}

}  // namespace muster::watch
