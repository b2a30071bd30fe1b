#include "server/frontend/password.h"

#include <catch2/catch.hpp>

using namespace muster;
using namespace muster::frontend;

TEST_CASE("a password is the first half of an HMAC-SHA-256 over the session id") {
  // Computed with Python's hmac: hmac.new(b"k" * 32, bytes.fromhex("0100000000000007"),
  // "sha256").digest()[:16]
  const std::string password = password_of(std::string(32, 'k'), SessionId{0x0100000000000007});
  std::string hex;
  for (const char character : password) {
    const auto c = static_cast<unsigned char>(character);
    hex += "0123456789abcdef"[c >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  CHECK(hex == "d75d44ce5e5f743d4b32c70cf87b38d3");
}

TEST_CASE("only the session's own password is accepted") {
  const std::string secret(32, 's');
  const std::string password = password_of(secret, SessionId{7});
  CHECK(password.size() == 16);
  CHECK(is_password(secret, SessionId{7}, password));
  CHECK_FALSE(is_password(secret, SessionId{8}, password));
  CHECK_FALSE(is_password(std::string(32, 't'), SessionId{7}, password));
  CHECK_FALSE(is_password(secret, SessionId{7}, ""));
  CHECK_FALSE(is_password(secret, SessionId{7}, password + '\0'));
  std::string near = password;
  near[15] = static_cast<char>(near[15] ^ 1);
  CHECK_FALSE(is_password(secret, SessionId{7}, near));
}
