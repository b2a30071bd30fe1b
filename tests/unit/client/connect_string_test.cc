#include "client/src/connect_string.h"

#include <catch2/catch.hpp>

using namespace muster::client;

TEST_CASE("a connect string names servers and perhaps a chroot") {
  const auto parsed = parse_connect_string("one,two:2182,[::1]:3,[fe80::1]/app/x");
  REQUIRE(parsed.has_value());
  CHECK(parsed->hosts ==
        std::vector<Host>{{"one", "2181"}, {"two", "2182"}, {"::1", "3"}, {"fe80::1", "2181"}});
  CHECK(parsed->chroot == "/app/x");
  CHECK(to_string(parsed->hosts[2]) == "[::1]:3");
  CHECK(to_string(parsed->hosts[0]) == "one:2181");
  CHECK(parse_connect_string("one/")->chroot.empty());
}

TEST_CASE("a connect string that can't be read says which part") {
  for (const char* bad : {"", "one,", ",one", "one:", "one:x", "one:70000", "one:-1", ":2181", "[::1", "[]:1",
                          "[::1]x", "::1"}) {
    CAPTURE(bad);
    CHECK(parse_connect_string(bad).has_error());
  }
  CHECK(parse_connect_string("one/a/").error().message == "the path /a/ behind the servers ends with /");
  CHECK(parse_connect_string("one:x").error().message ==
        "'one:x' is not a server; write HOST:PORT, or [ADDRESS]:PORT for IPv6");
}
