// A session's password: HMAC-SHA-256(cluster secret, session id as 8 bytes, big-endian), its first 16 bytes.
// Every server can check it, nobody else can compute it.
#pragma once

#include <muster/ids.h>

#include <string>
#include <string_view>

namespace muster::frontend {

[[nodiscard]] std::string password_of(std::string_view secret, SessionId session);
// In constant time for passwords of the right length.
[[nodiscard]] bool is_password(std::string_view secret, SessionId session, std::string_view password);

}  // namespace muster::frontend
