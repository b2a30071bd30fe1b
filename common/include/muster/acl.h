// Access control lists: who may do what to one znode. Rules: ZooKeeper programmer's guide, "ZooKeeper access control using ACLs".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

namespace perm {
inline constexpr std::int32_t read = 1, write = 2, create = 4, remove = 8, admin = 16, all = 31;
}

// An identity: "world"/"anyone", "ip"/"10.0.0.1", "digest"/"user:base64(sha1(user:password))", …
// Absent (null on the wire) and empty are different values.
struct AuthId {
  std::optional<std::string> scheme;
  std::optional<std::string> id;
  friend auto operator<=>(const AuthId&, const AuthId&) = default;
};

struct Acl {
  std::int32_t perms = 0;
  AuthId who;
  friend auto operator<=>(const Acl&, const Acl&) = default;
};

// Everybody may do everything; may read; whoever creates the node (with the identities it has then) may do everything,
// and nobody else anything.
[[nodiscard]] inline std::vector<Acl> open_acl() { return {{perm::all, {"world", "anyone"}}}; }
[[nodiscard]] inline std::vector<Acl> read_only_acl() { return {{perm::read, {"world", "anyone"}}}; }
[[nodiscard]] inline std::vector<Acl> creator_all_acl() { return {{perm::all, {"auth", ""}}}; }

// The identity of whoever presents "user:password" under the scheme "digest": {"digest", "user:base64(sha1(user:password))"}.
[[nodiscard]] AuthId digest_id(std::string_view user, std::string_view password);
// The same of credentials in one piece; the user is what stands before the first ":", or all of it.
[[nodiscard]] AuthId digest_id(std::string_view credentials);

}  // namespace muster
