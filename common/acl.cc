#include <muster/acl.h>
#include <openssl/evp.h>

#include <array>

#include "common/check.h"

namespace muster {
namespace {

constexpr std::size_t sha1_size = 20;
constexpr std::size_t sha1_base64_size = 28;

}  // namespace

AuthId digest_id(std::string_view credentials) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(credentials.data(), credentials.size(), hash.data(), &size, EVP_sha1(), nullptr);
  CHECK(done == 1 && size == sha1_size, "SHA-1 must be available");
  std::array<unsigned char, sha1_base64_size + 1> text{};
  EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(sha1_size));
  std::string id(credentials.substr(0, credentials.find(':')));
  id += ':';
  id.append(text.begin(), text.begin() + sha1_base64_size);
  return {"digest", std::move(id)};
}

AuthId digest_id(std::string_view user, std::string_view password) {
  return digest_id(std::string(user) + ":" + std::string(password));
}

}  // namespace muster
