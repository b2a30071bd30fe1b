#include "server/tree/node_block.h"

#include <catch2/catch.hpp>
#include <string>

using namespace muster::tree;

TEST_CASE("a block holds name and data, and tells null from empty") {
  for (const std::string& name : {std::string(), std::string("name")}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, NodeBlock::kept_hash_bytes - 1,
                                   NodeBlock::kept_hash_bytes, std::size_t{100'000}}) {
      const std::string data(size, 'd');
      const NodeBlock block(name, data);
      const NodeBlock copy = block;  // NOLINT(performance-unnecessary-copy-initialization)
      for (const NodeBlock* one : {&block, &copy}) {
        CHECK(one->name() == name);
        CHECK(one->data() == data);
        CHECK_FALSE(one->is_null());
        CHECK(one->value() == data);
        CHECK(one->data_hash() == hash_bytes(data));
      }
    }
    const NodeBlock null(name, std::nullopt);
    CHECK(null.name() == name);
    CHECK(null.is_null());
    CHECK(null.data().empty());
    CHECK_FALSE(null.value().has_value());
    CHECK(null.data_hash() == 0);
  }
}

TEST_CASE("a block of which nothing was said has no name and no data") {
  NodeBlock given("name", "data");
  const NodeBlock taken = std::move(given);
  given = NodeBlock();
  const NodeBlock copy = given;
  CHECK(copy.is_null());
  CHECK(copy.name().empty());
  CHECK(copy.data().empty());
  CHECK(copy.data_hash() == 0);
  CHECK(taken.name() == "name");
}
