// CRC-32C (Castagnoli), as in iSCSI and ext4: it finds every single burst of up to 32 wrong bits.
#pragma once

#include <cstdint>
#include <string_view>

namespace muster {

// The checksum of `bytes`, continued from `seed`: crc32c(crc32c(s, a), b) == crc32c(s, a + b). The plain
// checksum has seed 0. Uses the processor's instruction where there is one.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t seed, std::string_view bytes);

namespace detail {
// The same by tables, for processors without the instruction.
[[nodiscard]] std::uint32_t crc32c_by_table(std::uint32_t seed, std::string_view bytes);
}  // namespace detail

}  // namespace muster
