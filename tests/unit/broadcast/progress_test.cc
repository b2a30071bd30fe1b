#include "server/broadcast/progress.h"

#include <catch2/catch.hpp>

namespace muster::broadcast {
namespace {

Progress at(std::int64_t next) {
  Progress progress;
  progress.reset(Zxid{next});
  return progress;
}

}  // namespace

TEST_CASE("until the logs are known to meet, one batch at a time is sent") {
  Progress progress = at(5);
  CHECK(progress.has_room(100));
  progress.sent(Zxid{6}, 10);
  CHECK_FALSE(progress.has_room(100));
  progress.accepted(Zxid{4});
  CHECK(progress.has_room(100));
  CHECK(progress.next() == Zxid{7});
}

TEST_CASE("a window of bytes is in flight and opens with acknowledgements") {
  Progress progress = at(1);
  progress.accepted(Zxid{});
  progress.sent(Zxid{3}, 60);
  CHECK(progress.has_room(100));
  progress.sent(Zxid{5}, 60);
  CHECK_FALSE(progress.has_room(100));
  progress.accepted(Zxid{2});  // half of the first batch
  CHECK_FALSE(progress.has_room(100));
  progress.accepted(Zxid{3});
  CHECK(progress.has_room(100));
  CHECK(progress.match() == Zxid{3});
}

TEST_CASE("a rejection goes back to where the logs may meet, never below what is acknowledged") {
  Progress progress = at(10);
  progress.sent(Zxid{12}, 10);
  progress.rejected(Zxid{6});
  CHECK(progress.next() == Zxid{7});
  CHECK(progress.has_room(100));
  progress.accepted(Zxid{6});
  progress.sent(Zxid{9}, 10);
  progress.rejected(Zxid{2});
  CHECK(progress.next() == Zxid{7});
}

TEST_CASE("a late rejection teaches nothing and changes nothing") {
  Progress progress = at(3);
  progress.rejected(Zxid{5});
  CHECK(progress.next() == Zxid{3});
}

TEST_CASE("a new link forgets what was acknowledged: the disk may have been replaced") {
  Progress progress = at(3);
  progress.counts = true;
  progress.heard_ms = 77;
  progress.accepted(Zxid{2});
  progress.reset(Zxid{8});
  CHECK(progress.match() == Zxid{});
  CHECK_FALSE(progress.counts);
  CHECK(progress.heard_ms == 77);
}

}  // namespace muster::broadcast
