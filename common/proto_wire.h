// The bytes of Protobuf messages, field by field, for the few messages that every write passes through: no message object is made,
// and bytes are looked at where they lie. The messages stay those of proto/, and everything else reads and writes them with
// Protobuf. (Encoding: protobuf.dev, "Encoding"; groups, which proto3 does not have, are refused.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/little_endian.h"

namespace muster::proto_wire {

enum class Type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
}
inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
}

// ---- to bytes

inline constexpr std::size_t max_varint_bytes = 10;

// Require room; give where they end.
inline char* write_varint(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) *at++ = static_cast<char>(value | 0x80U);
  *at++ = static_cast<char>(value);
  return at;
}
inline char* write_tag(char* at, int field, Type type) {
  return write_varint(at, static_cast<std::uint64_t>(field) << 3U | static_cast<std::uint64_t>(type));
}

// A number that is 0 is not written: proto3's default. Of a negative int32 or int64: as 64 bits.
inline void put_number(std::string& out, int field, std::uint64_t value) {
  if (value == 0) return;
  char bytes[2 * max_varint_bytes];
  const char* end = write_varint(write_tag(bytes, field, Type::varint), value);
  out.append(bytes, static_cast<std::size_t>(end - bytes));
}
inline void put_number(std::string& out, int field, std::int64_t value) {
  put_number(out, field, static_cast<std::uint64_t>(value));
}
inline void put_fixed64(std::string& out, int field, std::uint64_t value) {
  if (value == 0) return;
  char bytes[max_varint_bytes + sizeof value];
  char* end = write_tag(bytes, field, Type::fixed64);
  write_le(end, value);
  out.append(bytes, static_cast<std::size_t>(end - bytes) + sizeof value);
}
// Also if they are empty: of a field that may be absent, of a repeated one, of a oneof.
inline void put_bytes(std::string& out, int field, std::string_view value) {
  char bytes[2 * max_varint_bytes];
  const char* end = write_varint(write_tag(bytes, field, Type::bytes), value.size());
  out.append(bytes, static_cast<std::size_t>(end - bytes)).append(value);
}
// The message of which `append(out)` writes the fields.
template <class Append>
void put_message(std::string& out, int field, const Append& append) {
  char tag[max_varint_bytes];
  out.append(tag, static_cast<std::size_t>(write_tag(tag, field, Type::bytes) - tag));
  const std::size_t at = out.size();
  out.push_back('\0');
  append(out);
  // Most are shorter than 128 bytes and have their length in that one byte.
  const std::size_t size = out.size() - at - 1;
  if (size < 0x80) {
    out[at] = static_cast<char>(size);
    return;
  }
  char length[max_varint_bytes];
  out.replace(at, 1, length, static_cast<std::size_t>(write_varint(length, size) - length));
}

// ---- from bytes

// Field after field:   while (reader.next()) switch (reader.field()) { case …: x = reader.number(); }   then ok().
// A field that nobody asks for is passed over.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // False at the end, and at what is no message: then ok() is false.
  [[nodiscard]] bool next() {
    if (at_ == end_ || !ok_) return false;
    const std::uint64_t tag = take_varint();
    field_ = static_cast<int>(tag >> 3U);
    type_ = static_cast<Type>(tag & 7U);
    ok_ = ok_ && tag >> 3U != 0 && tag <= 0xFFFFFFFFU;
    if (ok_) take_value();
    return ok_;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] int field() const { return field_; }
  [[nodiscard]] bool is(Type type) const { return type_ == type; }

  // Of the field at hand; 0 or nothing if it is of another type.
  [[nodiscard]] std::uint64_t number() const { return is(Type::varint) ? number_ : 0; }
  [[nodiscard]] std::uint64_t fixed64() const { return is(Type::fixed64) ? number_ : 0; }
  [[nodiscard]] std::string_view bytes() const { return is(Type::bytes) ? bytes_ : std::string_view(); }

 private:
  std::uint64_t take_varint() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) return static_cast<unsigned char>(*at_++);
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  void take_fixed(std::size_t size) {
    ok_ = static_cast<std::size_t>(end_ - at_) >= size;
    if (!ok_) return;
    number_ = size == 8 ? read_le<std::uint64_t>(at_) : read_le<std::uint32_t>(at_);
    at_ += size;
  }
  void take_value() {
    switch (type_) {
      case Type::varint:
        number_ = take_varint();
        return;
      case Type::fixed64:
        return take_fixed(8);
      case Type::fixed32:
        return take_fixed(4);
      case Type::bytes: {
        const std::uint64_t size = take_varint();
        ok_ = ok_ && size <= static_cast<std::uint64_t>(end_ - at_);
        if (!ok_) return;
        bytes_ = {at_, static_cast<std::size_t>(size)};
        at_ += size;
        return;
      }
    }
    ok_ = false;
  }

  const char* at_;
  const char* end_;
  int field_ = 0;
  Type type_ = Type::varint;
  std::uint64_t number_ = 0;
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace muster::proto_wire
