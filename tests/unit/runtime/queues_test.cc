#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "server/runtime/line_budget.h"
#include "server/runtime/peer_frames.h"
#include "server/runtime/send_queue.h"

using namespace muster::runtime;

namespace {

std::string frame(const std::string& payload) {
  std::string out;
  append_peer_frame(out, [&](std::string& to) { to += payload; });
  return out;
}

// Feeds `stream` in pieces of `piece` bytes.
std::vector<std::string> cut(const std::string& stream, std::size_t piece) {
  PeerFrames frames;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    REQUIRE(frames.feed(std::string_view(stream).substr(at, piece), [&](std::string_view payload) {
      out.emplace_back(payload);
      return true;
    }));
  }
  return out;
}

std::string all_of(SendQueue& queue) {
  std::string out;
  while (!queue.empty()) {
    SendQueue::Vector pieces;
    const std::size_t used = queue.front(pieces);
    std::size_t count = 0;
    for (std::size_t i = 0; i < used; ++i) {
      out.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
      count += pieces[i].iov_len;
    }
    queue.pop(count);
  }
  return out;
}

}  // namespace

TEST_CASE("frames are the same however they arrive") {
  const std::vector<std::string> payloads{"", "a", std::string(300, 'b'), "", "cd"};
  std::string stream;
  for (const auto& payload : payloads) stream += frame(payload);
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) REQUIRE(cut(stream, piece) == payloads);
}

TEST_CASE("a frame above the limit is refused before it arrives") {
  PeerFrames frames;
  const auto ignore = [](std::string_view) { return true; };
  const std::string at_limit = frame(std::string(max_introduction_bytes, 'x'));
  const std::string above = frame(std::string(max_introduction_bytes + 1, 'x'));
  CHECK(frames.feed(at_limit, ignore));
  CHECK_FALSE(frames.feed(std::string_view(above).substr(0, 4), ignore));
  PeerFrames wider;
  wider.set_limit(max_peer_frame_bytes);
  CHECK(wider.feed(above, ignore));
  CHECK_FALSE(wider.feed("\xff\xff\xff\xff", ignore));
}

TEST_CASE("a frame of which a bit was changed on its way is refused") {
  const std::string sent = frame("as it was sent");
  for (std::size_t bit = 0; bit < 8 * sent.size(); ++bit) {
    std::string heard = sent;
    heard[bit / 8] = static_cast<char>(heard[bit / 8] ^ (1 << (bit % 8)));
    // A length that grew waits for what does not come.
    heard += std::string(max_introduction_bytes, 'x');
    PeerFrames frames;
    INFO("bit " << bit);
    CHECK_FALSE(frames.feed(heard, [](std::string_view) {
      FAIL("it was understood");
      return true;
    }));
  }
}

TEST_CASE("lines that strangers can cause are few: some at once, then one a second") {
  LineBudget budget(3);
  const auto taken = [&](std::int64_t now_ms) {
    int lines = 0;
    for (int i = 0; i < 10; ++i) lines += budget.take(now_ms) ? 1 : 0;
    return lines;
  };
  CHECK(taken(5'000) == 3);
  CHECK(taken(5'900) == 0);
  CHECK(taken(6'000) == 1);
  CHECK(taken(8'500) == 2);
  CHECK(taken(1'000'000) == 3);
}

TEST_CASE("a reader of frames can stop in the middle") {
  PeerFrames frames;
  int seen = 0;
  CHECK(frames.feed(frame("a") + frame("b"), [&](std::string_view) { return ++seen < 1; }));
  CHECK(seen == 1);
}

TEST_CASE("a queue gives its bytes in order, gathered and in parts") {
  SendQueue queue;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string bytes(static_cast<std::size_t>(i * 37), static_cast<char>('a' + i % 26));
    expected += bytes;
    if (i % 2 == 0) {
      queue.push(bytes);
    } else {
      queue.append([&](std::string& last) { last += bytes; });
    }
  }
  CHECK(queue.size() == expected.size());
  SendQueue::Vector pieces;
  CHECK(queue.front(pieces) < 20);  // the small ones were gathered
  std::string first;
  while (first.size() < 100'000) {
    REQUIRE(queue.front(pieces) > 0);
    first += static_cast<const char*>(pieces[0].iov_base)[0];
    queue.pop(1);
  }
  CHECK(queue.size() == expected.size() - first.size());
  CHECK(first + all_of(queue) == expected);
}

TEST_CASE("what is large is not copied behind what is small") {
  SendQueue queue;
  queue.push("small");
  std::string large(1 << 20, 'x');
  const char* where = large.data();
  queue.push(std::move(large));
  SendQueue::Vector pieces;
  REQUIRE(queue.front(pieces) == 2);
  CHECK(pieces[1].iov_base == where);
}
