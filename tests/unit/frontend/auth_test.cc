#include "server/frontend/auth.h"

#include <catch2/catch.hpp>

using namespace muster;
using namespace muster::frontend;

TEST_CASE("identities gather, each once; an unknown scheme is refused") {
  std::vector<AuthId> ids = {ip_identity("10.0.0.1")};
  CHECK(authenticate({0, "digest", "a:1"}, "", ids));
  CHECK(authenticate({0, "digest", "a:1"}, "", ids));
  CHECK(authenticate({0, "digest", "b:2"}, "", ids));
  CHECK(authenticate({0, "ip", ""}, "", ids));
  CHECK(ids.size() == 3);
  CHECK_FALSE(authenticate({0, "sasl", "x"}, "", ids));
  CHECK_FALSE(authenticate({0, std::nullopt, "x"}, "", ids));
  CHECK_FALSE(authenticate({0, "digest", std::nullopt}, "", ids));
  CHECK_FALSE(authenticate({0, "super", ""}, "", ids));
  CHECK(ids.size() == 3);
  CHECK(user_of(ids[0]) == "10.0.0.1");
  CHECK(user_of(ids[1]) == "a");
}

TEST_CASE("identities go along with every write: there is a limit to their bytes") {
  std::vector<AuthId> ids = {ip_identity("10.0.0.1")};
  const std::string user(max_identities_bytes / 4, 'u');
  for (const char* password : {":1", ":2", ":3"})
    CHECK(authenticate({0, "digest", user + password}, "", ids));
  CHECK_FALSE(authenticate({0, "digest", user + ":4"}, "", ids));
}

TEST_CASE("the configured super login also becomes super") {
  std::vector<AuthId> ids;
  CHECK(authenticate({0, "digest", "root:wrong"}, *digest_id("root:right").id, ids));
  CHECK(ids.size() == 1);
  CHECK(authenticate({0, "digest", "root:right"}, *digest_id("root:right").id, ids));
  REQUIRE(ids.size() == 3);
  CHECK(ids[1] == AuthId{"super", ""});
}

TEST_CASE("masked digests keep the user") {
  std::vector<Acl> acl = {
      {31, {"digest", "u:hash="}}, {1, {"world", "anyone"}}, {1, {"digest", std::nullopt}}};
  mask_digests(acl);
  CHECK(acl[0].who.id == "u:x");
  CHECK(acl[1].who.id == "anyone");
  CHECK_FALSE(acl[2].who.id.has_value());
}
