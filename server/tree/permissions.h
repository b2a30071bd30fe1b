// Who may do what, and which lists a client may set. permitted() itself is declared in tree.h.
#pragma once

#include <muster/acl.h>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace muster::tree {

// Of one list, as asked for and as stored.
inline constexpr std::size_t max_acl_entries = 1000;

// The list as it will be stored: duplicates gone, "auth" replaced by the client's authenticated identities.
// Nothing: invalid (absent or empty, an unknown scheme, an id that its scheme does not allow, "auth" without
// an authenticated identity, more than max_acl_entries).
[[nodiscard]] std::optional<std::vector<Acl>> resolve_acl(const std::optional<std::vector<Acl>>& asked,
                                                          const std::vector<AuthId>& who);

// The list as one may see it who is no administrator of the node: hashes of passwords hidden.
[[nodiscard]] std::vector<Acl> masked(std::vector<Acl> acl);

// "10.0.0.0/8", "fe80::1": an address and optionally how many leading bits of it count.
[[nodiscard]] bool is_valid_ip_expression(std::string_view expression);
[[nodiscard]] bool ip_matches(std::string_view address, std::string_view expression);

}  // namespace muster::tree
