#include "common/wire/frame.h"

#include "common/wire/jute.h"

namespace muster::wire {
namespace {

constexpr std::size_t length_size = 4;
// A buffer that once held a large frame is given back when it is empty.
constexpr std::size_t kept_capacity = std::size_t{64} * 1024;

}  // namespace

void FrameReader::append(std::string_view bytes) {
  if (at_ == buffer_.size()) {
    if (buffer_.capacity() > kept_capacity) buffer_ = std::string();
    buffer_.clear();
    at_ = 0;
  } else if (at_ > buffer_.size() / 2) {  // moves at most as many bytes as were taken out since the last time
    buffer_.erase(0, at_);
    at_ = 0;
  }
  buffer_.append(bytes);
}

Result<std::optional<std::string_view>> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (rest.size() < length_size) return std::optional<std::string_view>();
  std::int32_t length = 0;
  Reader(rest.substr(0, length_size))(length);
  if (length < 0 || static_cast<std::size_t>(length) > max_frame_) {
    return Error{"a frame of " + std::to_string(length) + " bytes; the limit is " +
                 std::to_string(max_frame_)};
  }
  const auto size = static_cast<std::size_t>(length);
  if (rest.size() - length_size < size) return std::optional<std::string_view>();
  taken_ = true;
  at_ += length_size + size;
  return std::optional<std::string_view>(rest.substr(length_size, size));
}

std::optional<std::string_view> FrameReader::first_word() const {
  if (taken_ || buffer_.size() < length_size) return std::nullopt;
  return std::string_view(buffer_).substr(0, length_size);
}

}  // namespace muster::wire
