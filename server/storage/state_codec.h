// The small files' contents (proto/state.proto), each behind a magic number, a length and a CRC-32C, in one
// block of a fixed size that a disk can't half write without the checksum noticing:
//
//   block := magic:4 length:4 crc:4 message:length zeros up to kStateBlockBytes      crc: of length and
//   message
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/broadcast/entry.h"

namespace muster::storage {

inline constexpr std::size_t kStateBlockBytes = 512;

struct SequencedHardState {
  std::uint64_t sequence = 0;
  broadcast::HardState state;
};

struct Identity {
  ServerId server;
  std::string cluster_id;  // empty until the founding entry is known
  Zxid
      state_at_least;  // its own state was another than the others' up to here: an older one is not to be used
  friend bool operator==(const Identity&, const Identity&) = default;
};

[[nodiscard]] std::string encode(const SequencedHardState& state);
[[nodiscard]] std::string encode(const Identity& identity);
// Nothing: damaged, or something else.
[[nodiscard]] std::optional<SequencedHardState> decode_hard_state(std::string_view block);
[[nodiscard]] std::optional<Identity> decode_identity(std::string_view block);

}  // namespace muster::storage
