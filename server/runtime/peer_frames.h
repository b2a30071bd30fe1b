// Frames between servers: a little-endian uint32 length, a little-endian CRC-32C of the length and the payload, then so many bytes of
// payload (proto/peer.proto). What a network or a machine in between has changed is not understood as something else: TCP's own
// sum misses one damaged packet in some ten thousand, and an entry that was changed on its way would be replicated as it came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/crc32c.h"

namespace muster::runtime {

inline constexpr std::size_t max_peer_frame_bytes = 64 * 1024 * 1024;
inline constexpr std::size_t max_introduction_bytes = 512;  // of a frame of somebody not yet known
inline constexpr std::size_t peer_frame_header_bytes = 8;

// Of a frame: of all its bytes but the checksum's own.
[[nodiscard]] inline std::uint32_t peer_frame_checksum(std::string_view frame) {
  return crc32c(crc32c(0, frame.substr(0, 4)), frame.substr(peer_frame_header_bytes));
}

// Appends the frame of what `append_payload(out)` appends.
template <class AppendPayload>
void append_peer_frame(std::string& out, AppendPayload append_payload) {
  const std::size_t start = out.size();
  out.append(peer_frame_header_bytes, '\0');
  append_payload(out);
  const auto put = [&](std::size_t at, std::uint32_t number) {
    for (unsigned i = 0; i < 4; ++i) out[start + at + i] = static_cast<char>(number >> (8 * i));
  };
  put(0, static_cast<std::uint32_t>(out.size() - start - peer_frame_header_bytes));
  put(4, peer_frame_checksum(std::string_view(out).substr(start)));
}

// Cuts a byte stream into frames. Memory grows only with bytes that arrived.
class PeerFrames {
 public:
  void set_limit(std::size_t max_frame) { max_frame_ = max_frame; }

  // Calls on_frame(std::string_view) for each whole frame; it answers false to stop for good. False: a frame
  // is longer than the limit or was changed on its way, the stream can't be read on.
  template <class OnFrame>
  [[nodiscard]] bool feed(std::string_view bytes, OnFrame on_frame);

 private:
  static std::uint32_t number_at(std::string_view bytes) {
    std::uint32_t number = 0;
    for (unsigned i = 0; i < 4; ++i) number |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return number;
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
    const std::size_t length = number_at(bytes);
    if (length > max_frame_) return false;
    if (bytes.size() < peer_frame_header_bytes + length) break;
    const std::string_view frame = bytes.substr(0, peer_frame_header_bytes + length);
    if (number_at(frame.substr(4)) != peer_frame_checksum(frame)) return false;
    if (!on_frame(frame.substr(peer_frame_header_bytes))) return true;
    bytes.remove_prefix(frame.size());
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
