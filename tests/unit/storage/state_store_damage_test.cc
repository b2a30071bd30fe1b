// Disks that fail, are full, or do not give back what was written.
#include <catch2/catch.hpp>

#include "tests/unit/storage/store_fixture.h"

namespace muster::storage {
namespace {

std::vector<tree::Record> many_records() {
  std::vector<tree::Record> records;
  for (int i = 0; i < 60; ++i) records.push_back({"Z" + std::to_string(1000 + i), std::string(4000, 'v')});
  return records;
}

// Path of the largest file whose name begins or ends so.
std::string file_of(LevelDbOnDisk& disk, const std::string& part) {
  std::string found;
  std::size_t largest = 0;
  for (const std::string& name : disk.files.list(kStoreDirectory + "/state-1")) {
    const std::string path = kStoreDirectory + "/state-1/" + name;
    const std::size_t bytes = disk.files.contents(path)->size();
    if ((!name.starts_with(part) && !name.ends_with(part)) || bytes < largest) continue;
    found = path;
    largest = bytes;
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

void change(LevelDbOnDisk& disk, const std::string& path, std::size_t at) {
  std::string bytes = *disk.files.contents(path);
  bytes.at(at) ^= 1;
  disk.files.plant(path, bytes);
}

// Every record is read; what comes of it.
std::string outcome_of(const StateStore& store) {
  try {
    if (!store.current()) return "empty";
    return contents_of(store).size() == many_records().size() ? "whole" : "less";
  } catch (const StoreDamaged&) {
    return "damaged";
  }
}

}  // namespace

TEST_CASE("no room for a batch: nothing is written, and the next one may have it") {
  LevelDbOnDisk disk;
  clean_all(*disk);
  disk.files.set_free_bytes(small_store().room_bytes);
  CHECK_FALSE(disk->put(1, {{"Za", "1"}}));
  disk.files.set_free_bytes(small_store().room_bytes * 2);
  CHECK(disk->put(1, {{"Za", "1"}}));
  disk->publish(1, "");
  CHECK(contents_of(*disk) == Contents{{"Za", "1"}});
}

TEST_CASE("a disk that fails to sync is the end, and nothing is written after it") {
  LevelDbOnDisk disk;
  publish(*disk, 1, {{"Za", "1"}});
  clean_all(*disk);
  CHECK(disk->put(2, {{"Za", "2"}}));
  disk.files.fail_sync_at(1);
  CHECK_THROWS_AS(disk->publish(2, ""), DiskError);
  const auto writes = disk.files.counters().writes;
  CHECK_THROWS_AS(disk->put(3, {{"Za", "3"}}), DiskError);
  CHECK(disk.files.counters().writes == writes);
}

TEST_CASE("a damaged table is noticed when it is read") {
  for (const std::size_t at : {std::size_t{10}, std::size_t{20'000}, std::size_t{60'000}}) {
    LevelDbOnDisk disk;
    publish(*disk, 1, many_records());
    disk.reopen();  // what was in the log goes to a table
    REQUIRE(outcome_of(*disk) == "whole");
    const std::string table = file_of(disk, ".ldb");
    disk.store.reset();
    change(disk, table, at);
    disk.reopen();
    CHECK(outcome_of(*disk) == "damaged");
    disk->discard();
    CHECK(outcome_of(*disk) == "empty");
    publish(*disk, 1, many_records());
    CHECK(outcome_of(*disk) == "whole");
  }
}

TEST_CASE("a store that can't be opened is damaged, and can be thrown away") {
  for (const char* part : {"CURRENT", "MANIFEST"}) {
    LevelDbOnDisk disk;
    publish(*disk, 1, many_records());
    const std::string file = file_of(disk, part);
    disk.store.reset();
    disk.files.plant(file, std::string(20, '\0'));
    disk.reopen();
    CHECK(outcome_of(*disk) == "damaged");
    disk->discard();
    CHECK(outcome_of(*disk) == "empty");
  }
}

TEST_CASE("a record of the MANIFEST that was torn by a power cut is left out") {
  LevelDbOnDisk disk;
  publish(*disk, 1, many_records());
  const std::string file = file_of(disk, "MANIFEST");
  disk.store.reset();
  std::string bytes = *disk.files.contents(file);
  disk.files.plant(file, bytes + std::string("\1\2\3\4\40\0\1", 7) + std::string(32, '\0'));
  disk.reopen();
  CHECK(outcome_of(*disk) == "whole");
}

TEST_CASE("a missing table is noticed at the opening") {
  LevelDbOnDisk disk;
  publish(*disk, 1, many_records());
  disk.reopen();
  const std::string table = file_of(disk, ".ldb");
  disk.store.reset();
  disk.files.remove(table);
  disk.reopen();
  CHECK(outcome_of(*disk) == "damaged");
}

TEST_CASE("the simulator's store can be damaged") {
  MemoryStore store;
  CHECK_FALSE(store.damage(Random(1)));
  publish(store, 1, many_records());
  CHECK(store.damage(Random(1)));
  const Contents found = contents_of(store);
  int different = 0;
  for (const tree::Record& record : many_records()) different += found.at(record.key) == record.value ? 0 : 1;
  CHECK(different == 1);
}

TEST_CASE("the simulator's store loses a part of what was not published when the power is cut") {
  bool lost = false, kept = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryStore store;
    publish(store, 1, {{"Za", "1"}});
    clean_all(store);
    CHECK(store.put(2, {{"Zb", "2"}}));
    CHECK(store.put(2, {{"Zc", "2"}}));
    store.crash(Random(seed));
    CHECK(contents_of(store) == Contents{{"Za", "1"}});
    (store.versions() == 3 ? kept : lost) = true;
  }
  CHECK((lost && kept));
}

}  // namespace muster::storage
