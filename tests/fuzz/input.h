// A fuzzer's bytes, read as small decisions. Whatever the bytes are, they mean something; when they end, every answer is 0 or empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  // One of 0 … choices - 1.
  std::size_t pick(std::size_t choices) { return byte() % choices; }
  bool flag() { return (byte() & 1U) != 0; }
  // Little-endian.
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
  }
  // As many as the next two bytes (little-endian) say, if there are that many.
  std::string_view bytes() {
    const std::string_view taken = left_.substr(0, number_of_bytes());
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::string text() { return std::string(bytes()); }

 private:
  std::size_t number_of_bytes() {
    const std::size_t wanted = number(2);
    return std::min(wanted, left_.size());
  }

  std::string_view left_;
};

}  // namespace muster::fuzz
