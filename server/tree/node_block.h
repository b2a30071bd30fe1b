// A znode's name and data, in one heap block. Data may be null, which is not the same as empty.
//
//   block := data_size:4 name_size:4 [hash:8] name data          hash: of the data, kept if there are kept_hash_bytes of it or more
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/tree/digest.h"

namespace muster::tree {

class NodeBlock {
 public:
  // To hash less than this again is as quick as to look it up, and takes no room.
  static constexpr std::size_t kept_hash_bytes = 256;

  NodeBlock() = default;  // no name, null
  NodeBlock(std::string_view name, std::optional<std::string_view> data);
  NodeBlock(const NodeBlock& other);
  NodeBlock& operator=(const NodeBlock& other) { return *this = NodeBlock(other); }
  NodeBlock(NodeBlock&&) noexcept = default;
  NodeBlock& operator=(NodeBlock&&) noexcept = default;
  ~NodeBlock() = default;

  [[nodiscard]] std::string_view name() const {
    if (!bytes_) return {};
    const Header sizes = header();
    return {bytes_.get() + name_at(sizes), sizes.name_size};
  }
  [[nodiscard]] bool is_null() const { return header().data_size == null_size; }
  [[nodiscard]] std::string_view data() const {
    if (!bytes_) return {};
    const Header sizes = header();
    return {bytes_.get() + name_at(sizes) + sizes.name_size, data_bytes(sizes)};
  }
  [[nodiscard]] std::optional<std::string> value() const {
    return is_null() ? std::nullopt : std::optional<std::string>(data());
  }
  // 0 for null.
  [[nodiscard]] std::uint64_t data_hash() const;

 private:
  static constexpr std::uint32_t null_size = 0xFFFFFFFF;
  struct Header {
    std::uint32_t data_size = null_size, name_size = 0;
  };
  [[nodiscard]] Header header() const {
    Header sizes;
    if (bytes_) std::memcpy(&sizes, bytes_.get(), sizeof sizes);
    return sizes;
  }
  [[nodiscard]] static std::size_t data_bytes(const Header& sizes) {
    return sizes.data_size == null_size ? 0 : sizes.data_size;
  }
  [[nodiscard]] static std::size_t name_at(const Header& sizes) {
    return sizeof(Header) + (data_bytes(sizes) >= kept_hash_bytes ? sizeof(std::uint64_t) : 0);
  }
  void allocate(std::size_t size) { bytes_ = std::unique_ptr<char[]>(new char[size]); }

  std::unique_ptr<char[]> bytes_;
};

}  // namespace muster::tree
