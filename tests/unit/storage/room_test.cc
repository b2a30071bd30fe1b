// A disk that fills up: it is known before an entry needs the room, and what does not fit is not begun.
#include <catch2/catch.hpp>

#include "tests/unit/storage/fixture.h"

namespace muster::storage {
namespace {

constexpr std::uint64_t kMebibyte = 1024 * 1024, kSegment = 4 * kMebibyte;
constexpr std::size_t kPayload = 64 * 1024;

// Appends entry after entry as long as that fits; what was the last.
std::int64_t fill(Disk& disk, std::int64_t from, std::int64_t to) {
  for (std::int64_t zxid = from; zxid <= to; ++zxid) {
    const broadcast::Persist persist = append({entry(zxid, 1, kPayload)});
    if (!disk->make_room(persist)) return zxid - 1;
    disk->perform(persist);
  }
  return to;
}

}  // namespace

TEST_CASE("that there is no room for the next segment is known while half of the last is free") {
  SimFileSystem files;
  Disk disk(files, kSegment);
  disk.open();
  std::int64_t last = fill(disk, 1, 20);
  CHECK(disk->room());
  files.set_capacity(files.used_bytes() + kMebibyte);
  while (disk->room()) last = fill(disk, last + 1, last + 1);
  CHECK(static_cast<std::uint64_t>(last) * kPayload < kSegment * 5 / 8);

  SECTION("it goes on with what it has, and begins nothing that does not fit") {
    last = fill(disk, last + 1, 1000);
    CHECK(static_cast<std::uint64_t>(last) * kPayload > kSegment - 2 * kPayload);
    CHECK_FALSE(disk->room());
    CHECK(disk->last() == Zxid{last});
    CHECK_FALSE(disk->make_room(append({entry(last + 1, 1, kPayload)})));
    CHECK(disk->last() == Zxid{last});
  }
  SECTION("votes and marks need none") {
    last = fill(disk, last + 1, 1000);
    for (const broadcast::Persist& persist : {vote(7, 3), mark(last)}) {
      REQUIRE(disk->make_room(persist));
      disk->perform(persist);
    }
    CHECK(disk->hard_state() == voted(7, 3));
    CHECK(disk->commit_mark() == Zxid{last});
  }
  SECTION("it recovers when space returns, in the middle of it or at its end") {
    if (GENERATE(true, false)) last = fill(disk, last + 1, 1000);
    files.set_capacity(files.used_bytes() + 100 * kMebibyte);
    disk->prepare();
    CHECK(disk->room());
    CHECK(fill(disk, last + 1, 300) == 300);
    CHECK(all_of(disk.open()) == entries(1, 300, 1, kPayload));
  }
}

TEST_CASE("wherever in a segment the disk fills up, a quarter of it is left when that is known") {
  for (std::int64_t before = 1; before < 62; ++before) {
    SimFileSystem files;
    Disk disk(files, kSegment);
    disk.open();
    fill(disk, 1, before);
    files.set_capacity(files.used_bytes());
    std::int64_t last = before;
    while (disk->room()) last = fill(disk, last + 1, last + 1);
    const std::int64_t left = fill(disk, last + 1, 1000) - last;
    INFO("full after " << before << " entries");
    CHECK(left * static_cast<std::int64_t>(kPayload + 200) >
          static_cast<std::int64_t>(kSegment / 4 - 2 * kPayload));
  }
}

TEST_CASE("the log leaves free what it takes to write the last segment again, which gives back as much") {
  SimFileSystem files;
  files.set_capacity(3 * kSegment);
  Disk disk(files, kSegment);
  disk.open();
  const std::int64_t last = fill(disk, 1, 1000);
  SECTION("a start") {
    disk.close();
    files.kill();
    CHECK(all_of(disk.open()) == entries(1, last, 1, kPayload));
    disk->prepare();
    CHECK_FALSE(disk->room());
    CHECK_FALSE(disk->make_room(append({entry(last + 1, 1, kPayload)})));
  }
  SECTION("a truncation") {
    const broadcast::Persist cut = truncate(10, entries(11, 12, 2, kPayload));
    REQUIRE(disk->make_room(cut));
    disk->perform(cut);
    CHECK(disk->last() == Zxid{12});
  }
}

TEST_CASE("a purge that comes with entries gives them its segments") {
  SimFileSystem files;
  Disk disk(files, kSegment);
  disk.open();
  const std::int64_t last = fill(disk, 1, 300);
  REQUIRE(last == 300);
  files.set_capacity(files.used_bytes());
  const std::int64_t full = fill(disk, last + 1, 1000);
  REQUIRE(full < 1000);
  broadcast::Persist persist = append(entries(full + 1, full + 3, 1, kPayload), full);
  persist.purge_through = Zxid{200};
  REQUIRE(disk->make_room(persist));
  disk->perform(persist);
  CHECK(disk->room());
  CHECK(disk->first() > Zxid{100});
  CHECK(disk->last() == Zxid{full + 3});
}

TEST_CASE("entries that need several segments, and one larger than any, are there as a whole or not at all") {
  const std::vector<broadcast::Entry> many = [] {
    std::vector<broadcast::Entry> made = entries(1, 150, 1, kPayload);
    made.push_back(entry(151, 1, 2 * kSegment));
    for (auto& rest : entries(152, 230, 1, kPayload)) made.push_back(std::move(rest));
    return made;
  }();
  const broadcast::Persist persist = append(many);
  for (std::uint64_t room = 0;; room += kMebibyte) {
    SimFileSystem files;
    Disk disk(files, kSegment);
    disk.open();
    files.set_capacity(files.used_bytes() + room);
    if (disk->make_room(persist)) {
      disk->perform(persist);  // and finds all that it needs
      CHECK(all_of(disk.open()) == many);
      CHECK(room > 20 * kMebibyte);
      break;
    }
    CHECK(disk->last() == Zxid{});
    REQUIRE(room < 60 * kMebibyte);
  }
}

TEST_CASE("a slice that the disk refuses, or whose sync does, is written again later") {
  SimFileSystem files;
  Disk disk(files, kSegment);
  disk.open();
  fill(disk, 1, 31);
  files.refuse_write_at(2);  // the first is the entry's
  fill(disk, 32, 32);
  CHECK_FALSE(disk->room());
  CHECK(fill(disk, 33, 200) == 200);
  CHECK(disk->room());
  CHECK(all_of(disk.open()) == entries(1, 200, 1, kPayload));
}

// After a failed sync the kernel calls the pages clean: a second sync would succeed and have written nothing.
TEST_CASE("what a failed sync lost is in the page cache; after the restart it is durable") {
  for (std::uint64_t n = 1; n <= 3; ++n) {
    SimFileSystem files;
    Disk disk(files);
    disk.open().perform(append(entries(1, 3), 3));
    files.lose_sync_at(n);  // the log's, or one of a vote's two
    broadcast::Persist persist = append(entries(4, 6), 3);
    persist.hard_state = voted(2, 3);
    CHECK_THROWS_AS(disk->perform(persist), DiskError);
    disk.close();
    files.kill();
    const std::vector<broadcast::Entry> found = all_of(disk.open());
    const broadcast::HardState state = disk->hard_state();
    CHECK(found == entries(1, 6));
    disk.close();
    files.crash(Random(n));
    CHECK(all_of(disk.open()) == found);
    CHECK(disk->hard_state() == state);
  }
}

}  // namespace muster::storage
