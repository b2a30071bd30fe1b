#include "client/recipes/json.h"

#include <catch2/catch.hpp>

namespace muster::recipes {
namespace {

std::string again(std::string_view text) {
  const auto json = Json::parse(text);
  return json ? json->print() : "refused";
}

TEST_CASE("what is read is written") {
  CHECK(again(" { \"a\" : [ 1 , -2.50e+3, true,false,null, [], {} ], \"b\":\"x\" } ") ==
        R"({"a":[1,-2.50e+3,true,false,null,[],{}],"b":"x"})");
  CHECK(again("0") == "0");
  CHECK(again("123456789012345678901234567890") == "123456789012345678901234567890");
  CHECK(again(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")") ==
        "\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009A\u00e9\u20ac\U0001F600\"");
}

TEST_CASE("what is no JSON is refused") {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{a:1}",
                           "{\"a\":1,}",
                           "nul",
                           "truefalse",
                           "01",
                           "-",
                           "1.",
                           ".5",
                           "1e",
                           "+1",
                           "\"",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\\ud83d\"",
                           "\"\\ud83d\\u0041\"",
                           "\"\\ude00\"",
                           "\"a\nb\"",
                           "1 1",
                           "'a'"}) {
    INFO(text);
    CHECK(again(text) == "refused");
  }
  CHECK(again(std::string(50, '[') + std::string(50, ']')) != "refused");
  CHECK(again(std::string(1'000'000, '[')) == "refused");
}

TEST_CASE("members are found by name and kind") {
  const auto json =
      Json::parse(R"({"text":"x","number":-9223372036854775808,"half":0.5,"truth":true,"null":null})");
  REQUIRE(json);
  CHECK(*json->text("text") == "x");
  CHECK(json->number("number") == std::numeric_limits<std::int64_t>::min());
  CHECK(json->truth("truth") == true);
  CHECK(json->text("number") == nullptr);
  CHECK(json->number("half") == std::nullopt);
  CHECK(json->number("text") == std::nullopt);
  CHECK(json->truth("null") == std::nullopt);
  CHECK(json->find("missing") == nullptr);
  CHECK(Json(std::int64_t{1}).find("text") == nullptr);
}

}  // namespace
}  // namespace muster::recipes
