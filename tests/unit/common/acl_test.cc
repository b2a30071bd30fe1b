#include <muster/acl.h>

#include <catch2/catch.hpp>

using namespace muster;

TEST_CASE("a digest identity is user:base64(sha1(user:password))") {
  CHECK(digest_id("user:pass") == AuthId{"digest", "user:smGaoVKd/cQkjm7b88GyorAUz20="});
  CHECK(digest_id("user", "pass") == digest_id("user:pass"));
  CHECK(digest_id("alone").id->substr(0, 6) == "alone:");
}
