// Power cuts at every file operation of LevelDB while checkpoints are put, published, cleaned, thrown away and installed, each with
// several guesses at what of the unsynced was left. What must hold: the store opens, holds the checkpoint that was published last or
// the one being published, whole, and goes on. It is never damaged by a power cut: without it a server whose log begins above zxid 1
// could not serve any more.
#include <catch2/catch.hpp>
#include <functional>
#include <optional>

#include "server/storage/leveldb_env.h"
#include "tests/unit/storage/store_fixture.h"

namespace muster::storage {
namespace {

// What the story has done so far, without a disk.
struct Expected {
  std::vector<std::optional<Contents>> allowed{std::nullopt};  // nothing: no checkpoint
  void settled(std::optional<Contents> contents) { allowed = {std::move(contents)}; }
  void attempt(std::optional<Contents> contents) { allowed.push_back(std::move(contents)); }
  [[nodiscard]] bool allows(const std::optional<Contents>& found) const {
    return std::find(allowed.begin(), allowed.end(), found) != allowed.end();
  }
};

std::optional<Contents> found_in(const StateStore& store) {
  if (!store.current()) return std::nullopt;
  return contents_of(store);
}

std::string key_of(std::uint64_t i) { return "Z" + std::to_string(1000 + i); }

// Checkpoint `number` of a state of 60 keys, of which a third changes each time and some go.
std::vector<tree::Record> records_of(std::uint64_t number, std::size_t value_bytes) {
  std::vector<tree::Record> records;
  for (std::uint64_t i = 0; i < 60; ++i) {
    if (number > 1 && (i + number) % 3 != 0) continue;
    const bool gone = number > 1 && (i + number) % 5 == 0;
    records.push_back({key_of(i), gone ? "" : std::to_string(number) + std::string(value_bytes, 'v')});
  }
  return records;
}

Contents after(Contents contents, const std::vector<tree::Record>& records) {
  for (const auto& [key, value] : records) {
    if (value.empty())
      contents.erase(key);
    else
      contents[key] = value;
  }
  return contents;
}

struct Story {
  std::function<void(StateStore&, Expected&)> tell;
  std::size_t stride = 1;  // of the operations at which the power is cut
};

void check_left(SimFileSystem& left, const Expected& expected) {
  LockedFiles locked(left);
  std::optional<Contents> found;
  {
    LevelDbStore store(locked, kStoreDirectory, small_store());
    found = found_in(store);
    REQUIRE(expected.allows(found));
  }
  // What was found stays through another power cut, and it goes on from there.
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    SimFileSystem cut = left.crash_image(Random(seed));
    LockedFiles again(cut);
    LevelDbStore store(again, kStoreDirectory, small_store());
    REQUIRE(found_in(store) == found);
    const std::uint64_t number = store.current() ? store.current()->number + 1 : 1;
    const std::vector<tree::Record> next{{key_of(0), ""}, {key_of(1), "next"}};
    publish(store, number, next);
    clean_all(store);
    REQUIRE(contents_of(store) == after(found.value_or(Contents{}), next));
  }
}

void check_all_crashes(const Story& story) {
  bool finished = false;
  for (std::uint64_t at = 1; !finished; at += story.stride) {
    SimFileSystem files;
    Expected expected;
    {
      LockedFiles locked(files);
      files.crash_at(at);
      try {
        LevelDbStore store(locked, kStoreDirectory, small_store());
        story.tell(store, expected);
        finished = true;
      } catch (const SimCrash&) {
      }
    }
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      INFO("operation " << at << ", seed " << seed);
      SimFileSystem left = files.crash_image(Random(at * 1000 + seed));
      if (seed == 4) {
        left = files;  // the process was killed, the machine lives
        left.kill();
      }
      check_left(left, expected);
    }
  }
}

void checkpoints(StateStore& store, Expected& expected, std::uint64_t from, std::uint64_t to,
                 std::size_t value_bytes) {
  Contents contents = expected.allowed.front().value_or(Contents{});
  for (std::uint64_t number = from; number <= to; ++number) {
    clean_all(store);
    const std::vector<tree::Record> records = records_of(number, value_bytes);
    const auto middle = records.begin() + static_cast<std::ptrdiff_t>(records.size() / 2);
    // Outside of REQUIRE, which would catch the power cut.
    const bool first = store.put(number, {records.begin(), middle});
    const bool second = store.put(number, {middle, records.end()});
    REQUIRE((first && second));
    contents = after(contents, records);
    expected.attempt(contents);
    store.publish(number, "meta");
    expected.settled(contents);
  }
  clean_all(store);
}

}  // namespace

TEST_CASE("power cuts while checkpoints are put, published and cleaned") {
  check_all_crashes(
      {[](StateStore& store, Expected& expected) { checkpoints(store, expected, 1, 3, 20); }, 1});
}

TEST_CASE("power cuts while LevelDB changes its logs and merges its tables") {
  check_all_crashes(
      {[](StateStore& store, Expected& expected) { checkpoints(store, expected, 1, 7, 4000); }, 5});
}

TEST_CASE("power cuts while a store is thrown away") {
  check_all_crashes({[](StateStore& store, Expected& expected) {
                       checkpoints(store, expected, 1, 2, 20);
                       expected.attempt(std::nullopt);
                       store.discard();
                       expected.settled(std::nullopt);
                       checkpoints(store, expected, 1, 1, 20);
                     },
                     1});
}

TEST_CASE("power cuts while a state is installed") {
  check_all_crashes({[](StateStore& store, Expected& expected) {
                       checkpoints(store, expected, 1, 2, 20);
                       const auto installer = store.install();
                       const std::vector<tree::Record> records{{key_of(3), "new"}, {key_of(4), "new"}};
                       const bool put = installer->put(records);
                       REQUIRE(put);
                       expected.attempt(after({}, records));
                       installer->finish(9, "installed");
                       expected.settled(after({}, records));
                       checkpoints(store, expected, 10, 10, 20);
                     },
                     1});
}

TEST_CASE("a log of LevelDB's is worth what lies before the first record that does not pass") {
  LevelDbOnDisk disk;
  publish(*disk, 1, {{"Za", std::string(40'000, 'x')}, {"Zb", "b"}});
  std::string log;
  for (const std::string& name : disk.files.list(kStoreDirectory + "/state-1"))
    if (name.ends_with(".log")) log = *disk.files.contents(kStoreDirectory + "/state-1/" + name);
  REQUIRE(log.size() > 40'000);
  CHECK(sound_bytes_of_leveldb_log(log) == log.size());
  CHECK(sound_bytes_of_leveldb_log("") == 0);
  const std::size_t first = sound_bytes_of_leveldb_log(std::string_view(log).substr(0, log.size() - 1));
  CHECK(first > 40'000);  // the first batch, whose fragments lie in two blocks
  CHECK(sound_bytes_of_leveldb_log(log + std::string(1000, '\0')) == log.size());
  CHECK(sound_bytes_of_leveldb_log(log + "torn") == log.size());
  CHECK(sound_bytes_of_leveldb_log(std::string_view(log).substr(0, 39'000)) == 0);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{6}, std::size_t{100}, std::size_t{32'770}, std::size_t{39'000}}) {
    std::string damaged = log;
    damaged[at] ^= 1;
    CHECK(sound_bytes_of_leveldb_log(damaged) ==
          0);  // a part of the first record is missing, whatever follows
  }
}

}  // namespace muster::storage
