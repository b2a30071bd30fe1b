// Bytes travel as std::string and are looked at as std::string_view. SharedBytes are bytes that nobody changes any more, so that log,
// network and tree can hold the same ones: a block of their own, or a part of a block that others hold parts of, too.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace muster {

class SharedBytes {
 public:
  SharedBytes() = default;
  // A copy, in one allocation.
  explicit SharedBytes(std::string_view bytes) : size_(bytes.size()) {
    if (bytes.empty()) return;
    auto block = std::make_shared_for_overwrite<char[]>(bytes.size());
    std::memcpy(block.get(), bytes.data(), bytes.size());
    bytes_ = std::shared_ptr<const char>(block, block.get());
  }
  // What lies within view(), without a copy. The whole block lives as long as any part of it.
  [[nodiscard]] SharedBytes part(std::string_view within) const {
    SharedBytes part;
    part.size_ = within.size();
    if (!within.empty()) part.bytes_ = std::shared_ptr<const char>(bytes_, within.data());
    return part;
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  friend bool operator==(const SharedBytes& a, const SharedBytes& b) { return a.view() == b.view(); }

 private:
  std::shared_ptr<const char> bytes_;
  std::size_t size_ = 0;
};

}  // namespace muster
