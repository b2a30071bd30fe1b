// What the runtime needs of OpenSSL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::runtime {

// From the system's good source; a system without one stops the process.
[[nodiscard]] std::string random_bytes(std::size_t count);
[[nodiscard]] std::uint64_t random_number();  // never 0

[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view data);  // 32 bytes
// Takes the same time wherever they differ.
[[nodiscard]] bool equal_secretly(std::string_view a, std::string_view b);

}  // namespace muster::runtime
