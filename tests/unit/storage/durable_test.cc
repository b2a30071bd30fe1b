// What a server's durable state promises while nothing goes wrong, on the real file system and on the
// simulated one.
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "server/storage/log_format.h"
#include "tests/unit/storage/fixture.h"

namespace muster::storage {
namespace {

struct Simulated {
  SimFileSystem files;
  std::string directory = kDirectory;
};

struct Real {
  Real() {
    std::string pattern = (std::filesystem::temp_directory_path() / "muster-storage-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    directory = root + "/a/b";
  }
  ~Real() { std::filesystem::remove_all(root); }
  std::unique_ptr<FileSystem> owned = real_file_system();
  FileSystem& files = *owned;
  std::string root, directory;
};

}  // namespace

TEMPLATE_TEST_CASE("a new directory is blank", "", Simulated, Real) {
  TestType on;
  Disk disk(on.files, 4096, on.directory);
  for (int start = 0; start < 2; ++start) {
    disk.open();
    CHECK(disk->last() == Zxid{});
    CHECK(disk->first() == Zxid{1});
    CHECK(disk->commit_mark() == Zxid{});
    CHECK(disk->hard_state() == broadcast::HardState{});
  }
}

TEMPLATE_TEST_CASE("what was performed is there after a restart", "", Simulated, Real) {
  TestType on;
  Disk disk(on.files, 4096, on.directory);
  disk.open().perform(append(entries(1, 3)));
  disk->perform(vote(2, 3));
  disk->perform(append(entries(4, 5, 2), 3));
  for (int start = 0; start < 3; ++start) {
    CHECK(disk->first() == Zxid{1});
    CHECK(disk->last() == Zxid{5});
    CHECK(disk->commit_mark() == Zxid{3});
    CHECK(disk->hard_state() == voted(2, 3));
    auto expected = entries(1, 3);
    for (auto& more : entries(4, 5, 2)) expected.push_back(more);
    CHECK(all_of(*disk) == expected);
    disk.open();
  }
  disk->perform(append(entries(6, 6, 2), 5));
  CHECK(disk.open().last() == Zxid{6});
  CHECK(disk.reports.empty());
}

TEMPLATE_TEST_CASE("a log goes on over many segments", "", Simulated, Real) {
  TestType on;
  Disk disk(on.files, 4096, on.directory);
  disk.open();
  for (std::int64_t from = 1; from <= 400; from += 10)
    disk->perform(append(entries(from, from + 9, 1, 100), from - 1));
  CHECK(on.files.list(on.directory).size() > 10);
  CHECK(all_of(*disk) == entries(1, 400, 1, 100));
  CHECK(all_of(disk.open()) == entries(1, 400, 1, 100));
  CHECK(disk->commit_mark() == Zxid{390});
  CHECK(disk->read(Zxid{123}, Zxid{400}, 1) == entries(123, 123, 1, 100));
  CHECK(disk->read(Zxid{123}, Zxid{125}, 1 << 20) == entries(123, 125, 1, 100));
  CHECK(disk->read(Zxid{5}, Zxid{400}, 1 << 20) == entries(5, 400, 1, 100));
}

TEMPLATE_TEST_CASE("a record larger than a segment gets one of its own", "", Simulated, Real) {
  TestType on;
  Disk disk(on.files, 4096, on.directory);
  disk.open().perform(append(entries(1, 2)));
  disk->perform(append({entry(3, 1, 3'000'000), entry(4, 1, 10), entry(5, 1, 9000)}));
  disk->perform(append(entries(6, 20)));
  auto expected = entries(1, 20);
  expected[2] = entry(3, 1, 3'000'000);
  expected[3] = entry(4, 1, 10);
  expected[4] = entry(5, 1, 9000);
  CHECK(all_of(*disk) == expected);
  CHECK(all_of(disk.open()) == expected);
  disk->perform(truncate(3));
  CHECK(disk.open().read(Zxid{3}, Zxid{3}, 1).front() == expected[2]);
}

TEMPLATE_TEST_CASE("a truncation is durable and other entries follow", "", Simulated, Real) {
  TestType on;
  const std::int64_t keep = GENERATE(0, 1, 7, 35, 36, 37, 38, 39, 40, 99, 100, 150);
  Disk disk(on.files, 4096, on.directory);
  disk.open();
  for (std::int64_t from = 1; from <= 100; from += 5) disk->perform(append(entries(from, from + 4, 1, 60)));
  const std::int64_t kept = std::min<std::int64_t>(keep, 100);
  disk->perform(truncate(keep, entries(kept + 1, kept + 3, 2, 60)));
  auto expected = entries(1, kept, 1, 60);
  for (auto& more : entries(kept + 1, kept + 3, 2, 60)) expected.push_back(more);
  CHECK(all_of(*disk) == expected);
  CHECK(all_of(disk.open()) == expected);
  disk->perform(truncate(kept));
  CHECK(disk->last() == Zxid{kept});
  CHECK(all_of(disk.open()) == entries(1, kept, 1, 60));
}

TEMPLATE_TEST_CASE("a log goes on after a state, whatever it held before", "", Simulated, Real) {
  TestType on;
  Disk disk(on.files, 4096, on.directory);
  disk.open();
  if (GENERATE(false, true)) disk->perform(append(entries(1, 100, 1, 100), 3));
  disk->settle(broadcast::StateMark{Zxid{5'000'000'000}, Epoch{7}});
  for (int start = 0; start < 3; ++start) {
    CHECK(disk->first() == Zxid{5'000'000'001});
    CHECK(disk->last() == Zxid{5'000'000'000});
    CHECK(disk->commit_mark() == Zxid{5'000'000'000});
    disk.open();
  }
  disk->perform(append(entries(5'000'000'001, 5'000'000'003)));
  CHECK(disk.open().first() == Zxid{5'000'000'001});
  CHECK(disk->last() == Zxid{5'000'000'003});
  disk->perform(truncate(5'000'000'000));
  CHECK(disk.open().last() == Zxid{5'000'000'000});
  disk->perform(append(entries(5'000'000'001, 5'000'000'002, 2)));
  CHECK(all_of(disk.open()) == entries(5'000'000'001, 5'000'000'002, 2));
}

TEMPLATE_TEST_CASE("of a purged log whole segments go, and none that is needed", "", Simulated, Real) {
  TestType on;
  Disk disk(on.files, 4096, on.directory);
  disk.open();
  for (std::int64_t from = 1; from <= 400; from += 10)
    disk->perform(append(entries(from, from + 9, 1, 100), from - 1));
  const std::size_t before = on.files.list(on.directory).size();
  disk->perform(purge(200));
  CHECK(disk->first() > Zxid{150});
  CHECK(disk->first() <= Zxid{201});
  CHECK(on.files.list(on.directory).size() < before - 5);
  const Zxid first = disk->first();
  CHECK(all_of(*disk) == entries(first.value, 400, 1, 100));
  CHECK(all_of(disk.open()) == entries(first.value, 400, 1, 100));
  CHECK(disk->first() == first);
  CHECK(disk->commit_mark() == Zxid{390});
  disk->perform(purge(390));
  CHECK(disk->last() == Zxid{400});
  disk->perform(append(entries(401, 800, 1, 100), 400));
  CHECK(all_of(disk.open()) == entries(disk->first().value, 800, 1, 100));
}

TEMPLATE_TEST_CASE("a mark notes the commit without a sync", "", Simulated, Real) {
  TestType on;
  Disk disk(on.files, 4096, on.directory);
  disk.open().perform(append(entries(1, 3), 1));
  disk->perform(mark(3));
  CHECK(disk->commit_mark() == Zxid{3});
  disk->perform(mark(3));
  CHECK(disk.open().commit_mark() == Zxid{3});
  CHECK(all_of(*disk) == entries(1, 3));
  disk->perform(append(entries(4, 4)));
  CHECK(disk.open().commit_mark() == Zxid{3});
}

// The core takes the commit as noted by whatever it was handed out with: no mark would follow, and the word that the last
// entry was safe would be missing.
TEMPLATE_TEST_CASE("a vote and a truncation note the commit, too", "", Simulated, Real) {
  TestType on;
  Disk disk(on.files, 4096, on.directory);
  disk.open().perform(append(entries(1, 4)));
  broadcast::Persist unit = vote(2, 3);
  unit.committed = Zxid{2};
  disk->perform(unit);
  CHECK(disk.open().commit_mark() == Zxid{2});
  unit = truncate(3);
  unit.committed = Zxid{3};
  disk->perform(unit);
  CHECK(disk.open().commit_mark() == Zxid{3});
}

TEST_CASE("the commit mark is never above the last entry") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 3), 10));
  CHECK(disk->commit_mark() == Zxid{3});
  CHECK(disk.open().commit_mark() == Zxid{3});
}

TEST_CASE("the epoch is never below the last entry's, and then the vote is unknown") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(vote(2, 3));
  disk->perform(append(entries(1, 3, 7)));
  broadcast::HardState expected = voted(7, 0);
  CHECK(disk.open().hard_state() == expected);
  CHECK(disk.open().hard_state() == expected);
}

TEST_CASE("a segment that is written anew gets a fresh nonce") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 9)));
  const auto nonce = [&] {
    return decode_segment_header(*files.contents(kDirectory + "/" + segment_name(Zxid{1})))->nonce;
  };
  const std::uint64_t first = nonce();
  disk->perform(truncate(5));
  const std::uint64_t second = nonce();
  disk.open();
  CHECK(first != second);
  CHECK(second != nonce());
}

TEST_CASE("many entries are one write and one sync, and change no metadata") {
  SimFileSystem files;
  Disk disk(files, 64 * 1024);
  disk.open().perform(append(entries(1, 1)));
  const auto before = files.counters();
  disk->perform(append(entries(2, 101)));
  CHECK(files.counters().writes == before.writes + 1);
  CHECK(files.counters().syncs == before.syncs + 1);
  CHECK(files.counters().operations == before.operations + 2);
}

TEST_CASE("a mark costs one write, and only if it says something new") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 1)));
  const auto before = files.counters();
  disk->perform(mark(1));
  CHECK(files.counters().operations == before.operations + 1);
  CHECK(files.counters().syncs == before.syncs);
  disk->perform(mark(1));
  CHECK(files.counters().operations == before.operations + 1);
}

TEST_CASE("no step writes or syncs more than a slice of the next segment") {
  constexpr std::uint64_t kSegment = 8 * 1024 * 1024;
  SimFileSystem files;
  Disk disk(files, kSegment);
  disk.open();
  std::uint64_t most = 0;
  for (std::int64_t zxid = 1; zxid <= 400; ++zxid) {
    const std::uint64_t before = files.counters().bytes_written;
    disk->perform(append(entries(zxid, zxid, 1, 100'000)));
    if (zxid > 1) most = std::max(most, files.counters().bytes_written - before);
  }
  CHECK(files.list(kDirectory).size() >= 5 + 2);
  CHECK(most < 1'300'000);
  CHECK(files.counters().most_synced_bytes < 1'300'000);
}

TEST_CASE("purged files serve again: no new file is written with zeros, and nothing of theirs comes back") {
  SimFileSystem files;
  Disk disk(files, 64 * 1024);
  disk.open();
  std::int64_t next = 1;
  const auto fill = [&](int batches) {
    for (; batches > 0; --batches, next += 10)
      disk->perform(append(entries(next, next + 9, 1, 1000), next - 1));
  };
  fill(100);
  const auto before = files.counters();
  for (int round = 0; round < 20; ++round) {
    fill(10);
    disk->perform(purge(next - 100));
  }
  CHECK(files.counters().creates <= before.creates + 8);  // of 34 segments
  const std::uint64_t appended = 20 * 10 * 10 * 1150;
  CHECK(files.counters().bytes_written - before.bytes_written < appended + 8 * 64 * 1024);
  CHECK(all_of(disk.open()) == entries(disk->first().value, next - 1, 1, 1000));
  CHECK(disk.reports.empty());
}

TEST_CASE("a failed sync ends the log's life") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 1)));
  files.fail_sync_at(1);
  CHECK_THROWS_AS(disk->perform(append(entries(2, 2))), DiskError);
}

}  // namespace muster::storage
