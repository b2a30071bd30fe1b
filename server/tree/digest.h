// The hash below the tree's digest and its index of paths. XXH64 (Yann Collet's specification), so that every
// platform gives the same value for the same bytes; good mixing, no protection against chosen collisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/little_endian.h"

namespace muster::tree {

[[nodiscard]] std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);

// Collects the fields of one record, at most max_fields, in a fixed order, and hashes them at once.
class FieldHash {
 public:
  FieldHash& add(std::uint64_t field) {
    write_le(bytes_ + size_, field);
    size_ += 8;
    return *this;
  }
  FieldHash& add(std::int64_t field) { return add(static_cast<std::uint64_t>(field)); }
  FieldHash& add(std::int32_t field) { return add(static_cast<std::int64_t>(field)); }
  [[nodiscard]] std::uint64_t value() const { return hash_bytes({bytes_, size_}); }

 private:
  static constexpr std::size_t max_fields = 16;
  char bytes_[max_fields * 8];
  std::size_t size_ = 0;
};

}  // namespace muster::tree
