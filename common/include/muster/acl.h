// Access control lists: who may do what to one znode. Rules: ZooKeeper programmer's guide, "ZooKeeper access control using ACLs".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
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

[[nodiscard]] inline std::vector<Acl> open_acl() { return {{perm::all, {"world", "anyone"}}}; }

}  // namespace muster
