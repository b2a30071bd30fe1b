#include "common/wire/frame.h"

#include "common/wire/jute.h"

namespace muster::wire {
namespace {

constexpr std::size_t length_size = 4;
// That much more than what has come of a frame may be held while the rest of it is awaited: most connections rest most of the time.
constexpr std::size_t kept_capacity = 1024;

}  // namespace

void FrameReader::append(std::string_view bytes) {
  if (at_ > buffer_.size() / 2) {  // moves at most as many bytes as were taken out since the last time
    buffer_.erase(0, at_);
    at_ = 0;
  }
  buffer_.append(bytes);
}

Result<std::optional<std::string_view>> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  std::int32_t length = 0;
  if (rest.size() >= length_size) Reader(rest.substr(0, length_size))(length);
  if (length < 0 || static_cast<std::size_t>(length) > max_frame_) {
    return Error{"a frame of " + std::to_string(length) + " bytes; the limit is " +
                 std::to_string(max_frame_)};
  }
  const auto size = static_cast<std::size_t>(length);
  if (rest.size() < length_size + size) {
    give_back();
    return std::optional<std::string_view>();
  }
  taken_ = true;
  at_ += length_size + size;
  return std::optional<std::string_view>(rest.substr(length_size, size));
}

// Once for what was taken out, so that a long frame that comes in many pieces is not moved with each.
void FrameReader::give_back() {
  const std::size_t needed = buffer_.size() - at_;
  if (at_ == 0 || buffer_.capacity() - needed <= kept_capacity) return;
  std::string(buffer_, at_).swap(buffer_);  // an assignment might keep the memory
  at_ = 0;
}

std::optional<std::string_view> FrameReader::first_word() const {
  if (taken_ || buffer_.size() < length_size) return std::nullopt;
  return std::string_view(buffer_).substr(0, length_size);
}

}  // namespace muster::wire
