// Bytes travel as std::string and are looked at as std::string_view. SharedBytes is a string that nobody changes any more,
// so that log, network and tree can hold the same one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace muster {

class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(std::string bytes) : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}
  [[nodiscard]] std::string_view view() const {
    return bytes_ ? std::string_view(*bytes_) : std::string_view();
  }
  [[nodiscard]] std::size_t size() const { return bytes_ ? bytes_->size() : 0; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  friend bool operator==(const SharedBytes& a, const SharedBytes& b) { return a.view() == b.view(); }

 private:
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace muster
