#include "server/frontend/auth.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "common/check.h"

namespace muster::frontend {
namespace {

constexpr std::size_t sha1_size = 20;
constexpr std::size_t sha1_base64_size = 28;

std::string_view user_part(std::string_view text) { return text.substr(0, text.find(':')); }

std::size_t bytes_of(const std::vector<AuthId>& identities) {
  std::size_t bytes = 0;
  for (const AuthId& id : identities) bytes += id.scheme.value_or("").size() + id.id.value_or("").size();
  return bytes;
}

void add(std::vector<AuthId>& identities, AuthId identity) {
  if (std::find(identities.begin(), identities.end(), identity) == identities.end())
    identities.push_back(std::move(identity));
}

}  // namespace

AuthId ip_identity(std::string_view address) { return {"ip", std::string(address)}; }

std::string digest_identity(std::string_view credentials) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(credentials.data(), credentials.size(), hash.data(), &size, EVP_sha1(), nullptr);
  CHECK(done == 1 && size == sha1_size, "SHA-1 must be available");
  std::array<unsigned char, sha1_base64_size + 1> text{};
  EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(sha1_size));
  std::string identity(user_part(credentials));
  identity += ':';
  identity.append(text.begin(), text.begin() + sha1_base64_size);
  return identity;
}

bool authenticate(const wire::AuthRequest& request, std::string_view super_digest,
                  std::vector<AuthId>& identities) {
  if (request.scheme == "ip") return true;  // it has that one from the start
  if (request.scheme != "digest" || !request.auth) return false;
  std::string identity = digest_identity(*request.auth);
  if (!super_digest.empty() && identity == super_digest) add(identities, {"super", ""});
  add(identities, {"digest", std::move(identity)});
  return bytes_of(identities) <= max_identities_bytes;
}

std::string user_of(const AuthId& identity) {
  const std::string id = identity.id.value_or("");
  return identity.scheme == "digest" ? std::string(user_part(id)) : id;
}

void mask_digests(std::vector<Acl>& acl) {
  for (Acl& entry : acl)
    if (entry.who.scheme == "digest" && entry.who.id)
      entry.who.id = std::string(user_part(*entry.who.id)) + ":x";
}

}  // namespace muster::frontend
