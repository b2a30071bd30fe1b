#include "server/frontend/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "common/check.h"
#include "common/wire/connect.h"

namespace muster::frontend {

std::string password_of(std::string_view secret, SessionId session) {
  std::array<unsigned char, 8> id{};
  const auto value = static_cast<std::uint64_t>(session.value);
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<unsigned char>(value >> (56 - 8 * i));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  const unsigned char* done = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), id.data(),
                                   id.size(), mac.data(), &size);
  CHECK(done != nullptr && size >= wire::password_size, "HMAC-SHA-256 must be available");
  return std::string(mac.begin(), mac.begin() + wire::password_size);
}

bool is_password(std::string_view secret, SessionId session, std::string_view password) {
  const std::string expected = password_of(secret, session);
  return password.size() == expected.size() &&
         CRYPTO_memcmp(password.data(), expected.data(), expected.size()) == 0;
}

}  // namespace muster::frontend
