// Numbers in the durable formats: little endian, whatever the machine.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace muster::storage {

template <std::unsigned_integral T>
void append_le(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

// Requires sizeof(T) bytes from `offset`.
template <std::unsigned_integral T>
[[nodiscard]] T read_le(std::string_view bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(
        value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[offset + i])) << (8 * i)));
  return value;
}

}  // namespace muster::storage
