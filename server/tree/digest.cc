#include "server/tree/digest.h"

#include <array>

#include "common/little_endian.h"

namespace muster::tree {
namespace {

constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87, prime2 = 0xC2B2AE3D27D4EB4F, prime3 = 0x165667B19E3779F9,
                        prime4 = 0x85EBCA77C2B2AE63, prime5 = 0x27D4EB2F165667C5;

constexpr std::uint64_t rotate_left(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

std::uint64_t round(std::uint64_t lane, std::uint64_t input) {
  return rotate_left(lane + input * prime2, 31) * prime1;
}

// The four lanes of 32-byte stripes; advances `at`.
std::uint64_t hash_stripes(const char*& at, const char* end, std::uint64_t seed) {
  std::array<std::uint64_t, 4> lanes{seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
  for (; end - at >= 32; at += 32) {
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = round(lanes[i], read_le<std::uint64_t>(at + 8 * i));
  }
  std::uint64_t hash = rotate_left(lanes[0], 1) + rotate_left(lanes[1], 7) + rotate_left(lanes[2], 12) +
                       rotate_left(lanes[3], 18);
  for (const std::uint64_t lane : lanes) hash = (hash ^ round(0, lane)) * prime1 + prime4;
  return hash;
}

}  // namespace

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  std::uint64_t hash = bytes.size() >= 32 ? hash_stripes(at, end, seed) : seed + prime5;
  hash += bytes.size();
  for (; end - at >= 8; at += 8)
    hash = rotate_left(hash ^ round(0, read_le<std::uint64_t>(at)), 27) * prime1 + prime4;
  if (end - at >= 4) {
    hash = rotate_left(hash ^ (read_le<std::uint32_t>(at) * prime1), 23) * prime2 + prime3;
    at += 4;
  }
  for (; at != end; ++at) hash = rotate_left(hash ^ (read_le<std::uint8_t>(at) * prime5), 11) * prime1;
  hash = (hash ^ (hash >> 33)) * prime2;
  hash = (hash ^ (hash >> 29)) * prime3;
  return hash ^ (hash >> 32);
}

}  // namespace muster::tree
