// LevelDB's log format (its doc/log_format.md): blocks of 32 KiB; in them fragments
//   fragment := crc:4 length:2 type:1 payload       type: 1 whole record, 2 first, 3 middle, 4 last; 0: preallocated zeros
// A block's last bytes, if fewer than a header, are zeros. crc: masked CRC-32C of type and payload.
#include <algorithm>

#include "common/crc32c.h"
#include "common/little_endian.h"
#include "server/storage/leveldb_env.h"

namespace muster::storage {
namespace {

constexpr std::size_t kBlockBytes = 32768;
constexpr std::size_t kHeaderBytes = 7;
enum Type : unsigned char { whole = 1, first = 2, middle = 3, last = 4 };

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U; }

// Bytes of the fragment at the front of what is left of its block; 0: none that passes.
std::size_t fragment_bytes(std::string_view block) {
  if (block.size() < kHeaderBytes) return 0;
  const std::size_t bytes = kHeaderBytes + read_le<std::uint16_t>(block, 4);
  if (bytes > block.size()) return 0;
  const std::string_view covered = block.substr(kHeaderBytes - 1, bytes - kHeaderBytes + 1);
  return masked(crc32c(0, covered)) == read_le<std::uint32_t>(block, 0) ? bytes : 0;
}

}  // namespace

std::size_t sound_bytes_of_leveldb_log(std::string_view log) {
  std::size_t sound = 0;
  bool inside = false;  // a record whose first fragment was seen
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t left = kBlockBytes - at % kBlockBytes;
    if (left < kHeaderBytes) {
      at += left;
      continue;
    }
    const std::size_t bytes = fragment_bytes(log.substr(at, left));
    if (bytes == 0) break;
    const auto type = static_cast<unsigned char>(log[at + kHeaderBytes - 1]);
    const bool begins = type == whole || type == first;
    if (type < whole || type > last || begins == inside) break;
    inside = type == first || type == middle;
    at += bytes;
    if (!inside) sound = at;
  }
  return sound;
}

}  // namespace muster::storage
