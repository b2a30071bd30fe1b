#include <muster/recipes/configuration.h>

#include <catch2/catch.hpp>

#include "client/recipes/config_record.h"

namespace muster::recipes {
namespace {

TEST_CASE("values are text") {
  const auto round_trip = [](const auto& value) {
    using T = std::decay_t<decltype(value)>;
    return Text<T>::parse(Text<T>::print(value)) == value;
  };
  CHECK(round_trip(true));
  CHECK(round_trip(std::numeric_limits<std::int64_t>::min()));
  CHECK(round_trip(std::uint8_t{255}));
  CHECK(round_trip(0.1));
  CHECK(round_trip(std::string("a\nb")));
  CHECK(Text<int>::print(-8) == "-8");
  CHECK(Text<double>::print(0.5) == "0.5");
  for (const char* text : {"", " 8", "8 ", "0x8", "8.0", "99999999999"})
    CHECK(Text<int>::parse(text) == std::nullopt);
  CHECK(Text<std::uint8_t>::parse("256") == std::nullopt);
  CHECK(Text<unsigned>::parse("-1") == std::nullopt);
  CHECK(Text<bool>::parse("True") == std::nullopt);
}

TEST_CASE("a setting says what is wrong") {
  const Setting<int> size{"size", 8, [](int n) { return n > 0 ? "" : "must be above 0"; }};
  CHECK(size.why_invalid("1").empty());
  CHECK(size.why_invalid("0") == "must be above 0");
  CHECK(size.why_invalid("many") == "\"many\" is not a whole number in its range");
  const Rule rule = size;
  CHECK(rule.key == "size");
  CHECK(rule.why_invalid("-1") == "must be above 0");
}

TEST_CASE("a view has what is set, and fallbacks") {
  TreeState state;
  const auto put = [&](const std::string& path, const std::string& data) {
    state.nodes[path] = std::make_shared<const Value>(Value{data, {}});
  };
  put("/c/values", "");
  put("/c/values/size", "3");
  put("/c/values/colour", "blue");
  const ConfigView view(std::make_shared<const TreeState>(state), "/c/values");
  CHECK(view[Setting<int>{"size", 8}] == 3);
  CHECK(view[Setting<int>{"other", 8}] == 8);
  CHECK(view.keys() == std::vector<std::string>{"colour", "size"});
  CHECK_THROWS_WITH(view[Setting<int>("colour", 8)], "colour: \"blue\" is not a whole number in its range");
  CHECK(ConfigView()[Setting<int>{"size", 8}] == 8);
}

TEST_CASE("a change is written and read") {
  ConfigChange change;
  change.who = "ann";
  change.comment = "why \"not\"";
  change.keys["a"].after = "1";
  change.keys["b"].before = "";
  const std::string data = encode_change(change, "id-1");
  CHECK(data == R"({"id":"id-1","who":"ann","comment":"why \"not\"",)"
                R"("keys":{"a":{"before":null,"after":"1"},"b":{"before":"","after":null}}})");
  const auto again = decode_change(data);
  REQUIRE(again);
  CHECK(again->who == change.who);
  CHECK(again->comment == change.comment);
  CHECK(again->keys == change.keys);
  CHECK(id_of_change(data) == "id-1");
  CHECK_FALSE(decode_change("{}"));
  CHECK_FALSE(decode_change("x"));
  CHECK(id_of_change("x").empty());
}

}  // namespace
}  // namespace muster::recipes
