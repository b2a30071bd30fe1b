// A znode's data: one heap block with its hash, or null. Null and empty are different values.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/tree/digest.h"

namespace muster::tree {

class NodeBytes {
 public:
  NodeBytes() = default;
  explicit NodeBytes(const std::optional<std::string>& bytes) {
    if (bytes) assign(*bytes, hash_bytes(*bytes));
  }
  NodeBytes(const NodeBytes& other) {
    if (!other.is_null()) assign(other.view(), other.hash());
  }
  NodeBytes& operator=(const NodeBytes& other) { return *this = NodeBytes(other); }
  NodeBytes(NodeBytes&&) noexcept = default;
  NodeBytes& operator=(NodeBytes&&) noexcept = default;
  ~NodeBytes() = default;

  [[nodiscard]] bool is_null() const { return block_ == nullptr; }
  [[nodiscard]] std::string_view view() const {
    return is_null() ? std::string_view() : std::string_view(block_.get() + sizeof(Header), header().size);
  }
  [[nodiscard]] std::optional<std::string> value() const {
    return is_null() ? std::nullopt : std::optional<std::string>(view());
  }
  // Of the bytes; meaningless for null.
  [[nodiscard]] std::uint64_t hash() const { return is_null() ? 0 : header().hash; }

 private:
#pragma pack(push, 4)
  struct Header {
    std::uint64_t hash;
    std::uint32_t size;
  };
#pragma pack(pop)

  void assign(std::string_view bytes, std::uint64_t hash) {
    const Header header{hash, static_cast<std::uint32_t>(bytes.size())};
    block_ = std::unique_ptr<char[]>(new char[sizeof header + bytes.size()]);
    std::memcpy(block_.get(), &header, sizeof header);
    if (!bytes.empty()) std::memcpy(block_.get() + sizeof header, bytes.data(), bytes.size());
  }
  [[nodiscard]] Header header() const {
    Header header;
    std::memcpy(&header, block_.get(), sizeof header);
    return header;
  }

  std::unique_ptr<char[]> block_;
};

}  // namespace muster::tree
