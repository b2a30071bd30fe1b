// The simulated disk must be able to lose everything that was not synced, or the tests that rest on it prove
// nothing.
#include "tests/support/sim_file_system.h"

#include <catch2/catch.hpp>
#include <set>

namespace muster::storage {
namespace {

const std::string kPath = "/d/file";

struct Prepared {
  Prepared() {
    files.create_directories("/d");
    auto file = files.create(kPath);
    file->write(0, std::string(2048, 'o'));
    file->sync(SyncSite::log_batch);
    files.sync_directory("/d", SyncSite::log_segment_name);
  }
  std::set<std::string> images(std::uint64_t seeds = 300) const {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < seeds; ++seed)
      seen.insert(files.crash_image(Random(seed)).contents(kPath).value_or("absent"));
    return seen;
  }
  SimFileSystem files;
};

}  // namespace

TEST_CASE("what was synced survives every crash") {
  Prepared on;
  CHECK(on.images() == std::set<std::string>{std::string(2048, 'o')});
}

TEST_CASE("unsynced sectors are lost, kept, in any subset, and torn") {
  Prepared on;
  on.files.open(kPath)->write(0, std::string(1024, 'n'));
  const auto seen = on.images();
  const std::string o(512, 'o');
  const std::string n(512, 'n');
  CHECK(seen.count(o + o + o + o) == 1);
  CHECK(seen.count(n + n + o + o) == 1);
  CHECK(seen.count(o + n + o + o) == 1);
  CHECK(seen.count(n + o + o + o) == 1);
  CHECK(seen.size() > 8);  // torn ones
  for (const std::string& image : seen) CHECK(image.substr(1024) == o + o);
}

TEST_CASE("a synced file without a synced directory may be absent") {
  Prepared on;
  on.files.create("/d/other")->sync(SyncSite::log_batch);
  bool absent = false;
  bool present = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    (on.files.crash_image(Random(seed)).contents("/d/other") ? present : absent) = true;
  CHECK(absent);
  CHECK(present);
}

TEST_CASE("of names the changes survive in order") {
  Prepared on;
  on.files.rename(kPath, "/d/b");
  on.files.rename("/d/b", "/d/c");
  std::set<std::vector<std::string>> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) seen.insert(on.files.crash_image(Random(seed)).list("/d"));
  CHECK(seen == std::set<std::vector<std::string>>{{"file"}, {"b"}, {"c"}});
}

TEST_CASE("a file grown without a sync has any length up to the new one") {
  Prepared on;
  on.files.open(kPath)->write(2048, std::string(8000, 'n'));
  std::set<std::size_t> lengths;
  for (const std::string& image : on.images()) {
    lengths.insert(image.size());
    CHECK(image.substr(0, 2048) == std::string(2048, 'o'));
  }
  CHECK(*lengths.begin() == 2048);
  CHECK(*lengths.rbegin() == 10048);
  CHECK(lengths.size() > 5);
}

TEST_CASE("a crash comes at the operation that was asked for, and lasts") {
  Prepared on;
  auto file = on.files.open(kPath);
  on.files.crash_at(2);
  file->write(0, "n");
  CHECK_THROWS_AS(file->write(1, "n"), SimCrash);
  CHECK_THROWS_AS(file->sync(SyncSite::log_batch), SimCrash);
  file.reset();
  CHECK(on.files.contents(kPath)->substr(0, 2) == "no");
  on.files.kill();
  on.files.open(kPath)->sync(SyncSite::log_batch);
  on.files.crash(Random(1));
  CHECK(on.files.contents(kPath)->substr(0, 2) == "no");
}

TEST_CASE("a copy goes its own way, and the same seed leaves the same") {
  Prepared on;
  SimFileSystem copy = on.files;
  copy.open(kPath)->write(0, "n");
  CHECK(on.files.contents(kPath)->front() == 'o');
  CHECK(copy.contents(kPath)->front() == 'n');
  CHECK(copy.crash_image(Random(5)).contents(kPath) == copy.crash_image(Random(5)).contents(kPath));
}

TEST_CASE("damage of a sector outlives a power cut, and an unreadable one heals when it is written") {
  Prepared on;
  const SimFileSystem::Sector first{kPath, 0}, second{kPath, 512};
  const SimFileSystem earlier = on.files;
  auto file = on.files.open(kPath);
  file->write(512, std::string(512, 'n'));
  CHECK(on.files.changed_since(earlier).size() == 1);
  on.files.write_back();
  on.files.overwrite(first, std::string(512, 'x'));
  on.files.make_unreadable(second);
  file.reset();
  on.files.crash(Random(1));
  file = on.files.open(kPath);
  CHECK(file->read(0, 512) == std::string(512, 'x'));
  CHECK_THROWS_AS(file->read(0, 513), DiskError);
  CHECK_THROWS_AS(file->read(600, 1), DiskError);
  file->write(512, "w");
  CHECK(file->read(511, 3) == "xwn");
  on.files.take_back(second, earlier);
  CHECK(file->read(512, 2) == "oo");
}

TEST_CASE("a write that fails leaves its first part") {
  Prepared on;
  auto file = on.files.open(kPath);
  on.files.fail_write_at(2);
  file->write(0, "nn");
  CHECK_THROWS_AS(file->write(2, "nnnn"), DiskError);
  CHECK(file->read(0, 6) == "nnnnoo");
  file->write(4, "n");
}

}  // namespace muster::storage
