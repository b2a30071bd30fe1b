// Frames between servers: a little-endian uint32 length, then that many bytes (proto/peer.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::runtime {

inline constexpr std::size_t max_peer_frame_bytes = 64 * 1024 * 1024;
inline constexpr std::size_t max_introduction_bytes = 512;  // of a frame of somebody not yet known

// Appends the frame of what `append_payload(out)` appends.
template <class AppendPayload>
void append_peer_frame(std::string& out, AppendPayload append_payload) {
  const std::size_t start = out.size();
  out.append(4, '\0');
  append_payload(out);
  const auto length = static_cast<std::uint32_t>(out.size() - start - 4);
  for (unsigned i = 0; i < 4; ++i) out[start + i] = static_cast<char>(length >> (8 * i));
}

// Cuts a byte stream into frames. Memory grows only with bytes that arrived.
class PeerFrames {
 public:
  void set_limit(std::size_t max_frame) { max_frame_ = max_frame; }

  // Calls on_frame(std::string_view) for each whole frame; it answers false to stop for good. False: a frame
  // is longer than the limit, the stream can't be read on.
  template <class OnFrame>
  [[nodiscard]] bool feed(std::string_view bytes, OnFrame on_frame);

 private:
  static std::size_t length_at(std::string_view bytes) {
    std::size_t length = 0;
    for (unsigned i = 0; i < 4; ++i) length |= std::size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return length;
  }

  std::size_t max_frame_ = max_introduction_bytes;
  std::string rest_;  // begins at the start of a frame
};

template <class OnFrame>
bool PeerFrames::feed(std::string_view bytes, OnFrame on_frame) {
  // Most frames arrive whole, in one piece, and are never copied.
  const bool gathered = !rest_.empty();
  if (gathered) {
    rest_ += bytes;
    bytes = rest_;
  }
  while (bytes.size() >= 4) {
    const std::size_t length = length_at(bytes);
    if (length > max_frame_) return false;
    if (bytes.size() - 4 < length) break;
    if (!on_frame(bytes.substr(4, length))) return true;
    bytes.remove_prefix(4 + length);
  }
  if (gathered) {
    rest_.erase(0, rest_.size() - bytes.size());
    if (rest_.empty() && rest_.capacity() > max_introduction_bytes * 1024) rest_.shrink_to_fit();
  } else {
    rest_.assign(bytes);
  }
  return true;
}

}  // namespace muster::runtime
