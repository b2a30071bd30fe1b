#include "server/storage/vote_files.h"

#include <catch2/catch.hpp>

#include "common/mutant.h"
#include "tests/unit/storage/fixture.h"

namespace muster::storage {
namespace {

const std::string kFirst = kDirectory + "/vote-0";
const std::string kSecond = kDirectory + "/vote-1";

// Epoch 5, then epoch 6, of which only one file (`newer`) heard.
SimFileSystem with_different_files(const std::string& newer) {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(vote(5, 1));
  const std::string older = *files.contents(kFirst);
  disk->perform(vote(6, 2));
  disk.close();
  files.plant(newer == kFirst ? kSecond : kFirst, older);
  return files;
}

}  // namespace

TEST_CASE("the file with the greater sequence counts, and both say it afterwards") {
  const std::string newer = GENERATE(kFirst, kSecond);
  SimFileSystem files = with_different_files(newer);
  Disk disk(files);
  CHECK(disk.open().hard_state() == voted(6, 2));
  CHECK(files.contents(kFirst) == files.contents(kSecond));
}

TEST_CASE("the mutant in which the older vote file counts would be seen") {
  const std::string newer = GENERATE(kFirst, kSecond);
  SimFileSystem files = with_different_files(newer);
  active_mutant = Mutant::older_vote_file_counts;
  Disk disk(files);
  const broadcast::HardState found = disk.open().hard_state();
  active_mutant = Mutant::none;
  CHECK(found == voted(5, 1));
}

TEST_CASE("one damaged or missing vote file is written anew from the other") {
  const std::string lost = GENERATE(kFirst, kSecond);
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(vote(6, 2));
  disk.close();
  const std::string whole = *files.contents(lost);
  SECTION("any bit") {
    for (std::size_t bit = 0; bit < 40 * 8; ++bit) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      files.plant(lost, damaged);
      CHECK(disk.open().hard_state() == voted(6, 2));
      disk.close();
    }
  }
  SECTION("empty") { files.plant(lost, ""); }
  SECTION("missing") { files.remove(lost); }
  CHECK(disk.open().hard_state() == voted(6, 2));
  CHECK(files.contents(kFirst) == files.contents(kSecond));
}

TEST_CASE("a vote is written to both files in turn, each synced") {
  SimFileSystem files;
  Disk disk(files);
  disk.open();
  const auto before = files.counters();
  disk->perform(vote(6, 2));
  CHECK(files.counters().writes == before.writes + 2);
  CHECK(files.counters().syncs == before.syncs + 2);
  CHECK(files.counters().operations == before.operations + 4);
}

TEST_CASE("a server that could have forgotten a vote does not start") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(vote(6, 2));
  SECTION("both damaged") {
    files.plant(kFirst, "x");
    files.plant(kSecond, "y");
  }
  SECTION("the first missing, the second damaged") {
    files.remove(kFirst);
    files.plant(kSecond, "y");
  }
  SECTION("both missing, but there is a log") {
    disk->perform(append(entries(1, 1)));
    disk.close();
    files.remove(kFirst);
    files.remove(kSecond);
  }
  SECTION("the first damaged, the second missing, but there is a log") {
    disk->perform(append(entries(1, 1)));
    disk.close();
    files.plant(kFirst, "x");
    files.remove(kSecond);
  }
  CHECK_THROWS_AS(disk.open(), DiskError);
}

}  // namespace muster::storage
