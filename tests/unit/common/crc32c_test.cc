#include "common/crc32c.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "common/random.h"

using muster::crc32c;
using muster::detail::crc32c_by_table;

TEST_CASE("CRC-32C of the published examples") {
  std::string rising(32, '\0');
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<char>(i);
  const std::string falling(rising.rbegin(), rising.rend());
  // RFC 3720, B.4, and the check value of the catalogues.
  for (const auto f : {crc32c, crc32c_by_table}) {
    CHECK(f(0, "") == 0);
    CHECK(f(0, "123456789") == 0xE3069283U);
    CHECK(f(0, std::string(32, '\0')) == 0x8A9136AAU);
    CHECK(f(0, std::string(32, '\xFF')) == 0x62A8AB43U);
    CHECK(f(0, rising) == 0x46DD794EU);
    CHECK(f(0, falling) == 0x113FDB5CU);
  }
}

TEST_CASE("CRC-32C: instruction and table agree, and a sum can be continued anywhere") {
  muster::Random random(7);
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(random.below(256)));
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const std::string_view part = std::string_view(bytes).substr(0, length);
    const auto seed = static_cast<std::uint32_t>(random.next());
    CHECK(crc32c(seed, part) == crc32c_by_table(seed, part));
    CHECK(crc32c(crc32c(seed, part), std::string_view(bytes).substr(length)) == crc32c(seed, bytes));
  }
}

TEST_CASE("CRC-32C: one flipped bit shows") {
  std::string bytes = "a record of a segment";
  const std::uint32_t sum = crc32c(1, bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    CHECK(crc32c(1, bytes) != sum);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
}
