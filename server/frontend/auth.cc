#include "server/frontend/auth.h"

#include <algorithm>

namespace muster::frontend {
namespace {

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

bool authenticate(const wire::AuthRequest& request, std::string_view super_digest,
                  std::vector<AuthId>& identities) {
  if (request.scheme == "ip") return true;  // it has that one from the start
  if (request.scheme != "digest" || !request.auth) return false;
  AuthId identity = digest_id(*request.auth);
  if (!super_digest.empty() && identity.id == super_digest) add(identities, {"super", ""});
  add(identities, std::move(identity));
  return bytes_of(identities) <= max_identities_bytes;
}

bool is_super(const std::vector<AuthId>& identities) {
  return std::any_of(identities.begin(), identities.end(),
                     [](const AuthId& id) { return id.scheme == "super"; });
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
