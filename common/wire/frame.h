// Frames: an int32 length, then that many bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace muster::wire {

inline constexpr std::size_t default_max_frame = 0xfffff;  // jute.maxbuffer

// Cuts a byte stream into frames. Memory grows only with bytes that arrived, and what was taken out is given back when no whole frame
// is left.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_frame = default_max_frame) : max_frame_(max_frame) {}

  void append(std::string_view bytes);
  // The next whole frame's payload, or nothing yet. The view stays valid until the next call of a non-const member.
  // Error: a length below 0 or above the limit; the stream can't be read on.
  [[nodiscard]] Result<std::optional<std::string_view>> next();
  // Bytes received and not yet handed out.
  [[nodiscard]] std::size_t buffered() const { return buffer_.size() - at_; }
  // The first four bytes of the stream while nothing has been taken out; for four-letter words.
  [[nodiscard]] std::optional<std::string_view> first_word() const;

 private:
  void give_back();

  std::size_t max_frame_;
  std::string buffer_;
  std::size_t at_ = 0;
  bool taken_ = false;
};

}  // namespace muster::wire
