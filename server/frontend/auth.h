// Who a connection is. Schemes: digest (any "user:password" is accepted and becomes an identity), ip
// (automatic).
#pragma once

#include <muster/acl.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/wire/requests.h"

namespace muster::frontend {

// The identity that every connection starts with.
[[nodiscard]] AuthId ip_identity(std::string_view address);

// They go along with each of the connection's writes.
inline constexpr std::size_t max_identities_bytes = std::size_t{16} * 1024;

// Adds what the request proves to `identities` (each once). False: unknown scheme, no credentials, or more than
// max_identities_bytes of identities; the connection must be closed.
[[nodiscard]] bool authenticate(const wire::AuthRequest& request, std::string_view super_digest,
                                std::vector<AuthId>& identities);

// Whether they may do everything (super_digest).
[[nodiscard]] bool is_super(const std::vector<AuthId>& identities);

// The name that people know an identity by: of a digest the user.
[[nodiscard]] std::string user_of(const AuthId& identity);

// The list as those may see it who are not permitted to administer: the hashes of digest ids become "x".
void mask_digests(std::vector<Acl>& acl);

}  // namespace muster::frontend
