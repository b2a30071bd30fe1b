// Numbers in our own formats: little endian, whatever the machine.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace muster {

static_assert(std::endian::native == std::endian::little,
              "the copies below assume it; a loop over shifted bytes costs ten times as much");

// Requires room for sizeof(T) bytes there.
template <std::unsigned_integral T>
void write_le(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}
template <std::unsigned_integral T>
void append_le(std::string& out, T value) {
  char bytes[sizeof value];
  write_le(bytes, value);
  out.append(bytes, sizeof value);
}

// Requires sizeof(T) bytes there.
template <std::unsigned_integral T>
[[nodiscard]] T read_le(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <std::unsigned_integral T>
[[nodiscard]] T read_le(std::string_view bytes, std::size_t offset) {
  return read_le<T>(bytes.data() + offset);
}

}  // namespace muster
