#include "server/tree/digest.h"

#include "common/little_endian.h"

namespace muster::tree {
namespace {

constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87, prime2 = 0xC2B2AE3D27D4EB4F, prime3 = 0x165667B19E3779F9,
                        prime4 = 0x85EBCA77C2B2AE63, prime5 = 0x27D4EB2F165667C5;

constexpr std::uint64_t rotate_left(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

std::uint64_t round(std::uint64_t lane, std::uint64_t input) {
  return rotate_left(lane + input * prime2, 31) * prime1;
}

std::uint64_t merged(std::uint64_t hash, std::uint64_t lane) {
  return (hash ^ round(0, lane)) * prime1 + prime4;
}

// The four lanes of 32-byte stripes, each in a register; advances `at`.
std::uint64_t hash_stripes(const char*& at, const char* end, std::uint64_t seed) {
  std::uint64_t a = seed + prime1 + prime2, b = seed + prime2, c = seed, d = seed - prime1;
  for (; end - at >= 32; at += 32) {
    a = round(a, read_le<std::uint64_t>(at));
    b = round(b, read_le<std::uint64_t>(at + 8));
    c = round(c, read_le<std::uint64_t>(at + 16));
    d = round(d, read_le<std::uint64_t>(at + 24));
  }
  const std::uint64_t hash = rotate_left(a, 1) + rotate_left(b, 7) + rotate_left(c, 12) + rotate_left(d, 18);
  return merged(merged(merged(merged(hash, a), b), c), d);
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
