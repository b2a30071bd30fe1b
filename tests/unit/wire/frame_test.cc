#include "common/wire/frame.h"

#include <catch2/catch.hpp>

#include "bytes.h"

using namespace muster::wire;

namespace {

// What comes out: each frame, or "…" when more bytes are needed.
std::string next(FrameReader& reader) {
  const auto frame = reader.next();
  if (!frame) return "error: " + frame.error().message;
  return *frame ? std::string(**frame) : "…";
}

}  // namespace

TEST_CASE("a stream is cut into frames, wherever its pieces end") {
  const std::string stream = bytes("00000003 'one' 00000000 00000005 'three'");
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::string seen;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.append(std::string_view(stream).substr(at, piece));
      for (std::string frame; (frame = next(reader)) != "…";) seen += "[" + frame + "]";
    }
    CHECK(seen == "[one][][three]");
    CHECK(reader.buffered() == 0);
  }
}

TEST_CASE("a frame of the greatest length passes, one byte more ends the stream") {
  FrameReader exact(8);
  exact.append(bytes("00000008 '12345678'"));
  CHECK(next(exact) == "12345678");
  FrameReader over(8);
  over.append(bytes("00000009"));
  CHECK(next(over) == "error: a frame of 9 bytes; the limit is 8");
  FrameReader negative(8);
  negative.append(bytes("ffffffff"));
  CHECK(next(negative) == "error: a frame of -1 bytes; the limit is 8");
}

TEST_CASE("the first word can be looked at until a frame has been taken") {
  FrameReader reader;
  reader.append("ruo");
  CHECK_FALSE(reader.first_word());
  reader.append("k");
  CHECK(reader.first_word() == "ruok");
  FrameReader frames;
  frames.append(bytes("00000001 'x' 00000001 'y'"));
  CHECK(next(frames) == "x");
  CHECK_FALSE(frames.first_word());
}

TEST_CASE("what was taken out is given back: a long stream does not grow the buffer") {
  FrameReader reader;
  const std::string frame = bytes("00000004 'abcd'");
  reader.append(frame.substr(0, 2));  // never empty at an append
  for (int i = 0; i < 100'000; ++i) {
    reader.append(frame.substr(2) + frame.substr(0, 2));
    CHECK(next(reader) == "abcd");
    CHECK(reader.buffered() == 2);
  }
}
