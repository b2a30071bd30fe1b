// Torn or damaged? A torn end is cut; what had been written safely is never cut.
#include <catch2/catch.hpp>

#include "server/storage/log_format.h"
#include "tests/unit/storage/fixture.h"

namespace muster::storage {
namespace {

const std::string kFirstSegment = kDirectory + "/" + segment_name(Zxid{1});

// With others to repair it, a server with this log starts empty and without a vote; what is damaged is kept beside.
void check_set_aside(SimFileSystem files) {
  const std::vector<std::string> before = files.list(kDirectory);
  Disk disk(files);
  disk.repair = true;
  for (int start = 0; start < 2; ++start) {
    disk.open();
    CHECK(disk->first() == Zxid{1});
    CHECK(disk->last() == Zxid{});
    CHECK(disk->commit_mark() == Zxid{});
    CHECK_FALSE(disk->hard_state().qualified);
  }
  REQUIRE(disk.reports.size() == 1);
  CHECK(disk.reports[0].find("does not vote") != std::string::npos);
  for (const std::string& name : before)
    if (parse_segment_name(name)) CHECK(files.contents(kDirectory + "/damaged-" + name));
}

// Opens it and returns its entries, or nothing if it was refused as damaged.
std::optional<std::vector<broadcast::Entry>> opened(SimFileSystem files) {
  Disk disk(files);
  try {
    return all_of(disk.open());
  } catch (const Damaged& error) {
    CHECK(std::string(error.what()).find("move the server's data directory away") != std::string::npos);
    check_set_aside(files);
    return std::nullopt;
  }
}

SimFileSystem with(const SimFileSystem& files, const std::string& path, const std::string& contents) {
  SimFileSystem changed = files;
  changed.plant(path, contents);
  return changed;
}

std::size_t used(const std::string& contents) {
  return (contents.find_last_not_of('\0') / kRecordAlignment + 1) * kRecordAlignment;
}

}  // namespace

TEST_CASE("an end torn at any byte is cut") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 3)));
  const std::size_t before = used(*files.contents(kFirstSegment));
  disk->perform(append(entries(4, 4)));
  const std::string whole = *files.contents(kFirstSegment);
  disk.close();
  REQUIRE(opened(files) == entries(1, 4));
  for (std::size_t at = before; at < used(whole); ++at) {
    std::string torn = whole;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(at), torn.end(), '\0');
    if (torn != whole) CHECK(opened(with(files, kFirstSegment, torn)) == entries(1, 3));
    torn.resize(at);
    CHECK(opened(with(files, kFirstSegment, torn)) == entries(1, 3));
  }
}

TEST_CASE("of a torn batch the front is kept, whatever of it arrived") {
  SimFileSystem files;
  Disk disk(files, 64 * 1024);
  disk.open().perform(append(entries(1, 3)));
  disk->perform(append(entries(4, 40)));
  const std::string whole = *files.contents(kFirstSegment);
  disk.close();
  for (std::int64_t lost = 4; lost <= 40; ++lost) {
    std::string torn = whole;
    const std::string payload(entry(lost).payload.view());
    torn[torn.find(payload)] = '\0';
    CHECK(opened(with(files, kFirstSegment, torn)) == entries(1, lost - 1));
  }
}

TEST_CASE("a cut is reported once") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 3)));
  std::string torn = *files.contents(kFirstSegment);
  torn[used(torn) - 9] = static_cast<char>(torn[used(torn) - 9] ^ 1);
  disk.close();
  files.plant(kFirstSegment, torn);
  CHECK(all_of(disk.open()) == entries(1, 2));
  REQUIRE(disk.reports.size() == 1);
  CHECK(disk.reports[0].find("after zxid 2") != std::string::npos);
  disk.open();
  CHECK(disk.reports.size() == 1);
}

TEST_CASE("after a restart every damaged bit of the log is noticed") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 6)));
  disk.open();
  disk.close();
  const std::string whole = *files.contents(kFirstSegment);
  for (std::size_t bit = 0; bit < used(whole) * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK(opened(with(files, kFirstSegment, damaged)) == std::nullopt);
  }
  for (std::size_t at = 0; at < used(whole); at += 8) {  // whatever is lost at the end
    std::string damaged = whole;
    std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(at), damaged.end(), '\0');
    CHECK(opened(with(files, kFirstSegment, damaged)) == std::nullopt);
  }
}

TEST_CASE("while it runs, what is followed by anything later is known to have been safe") {
  SimFileSystem files;
  Disk disk(files);
  disk.open();
  for (std::int64_t zxid = 1; zxid <= 6; ++zxid) disk->perform(append(entries(zxid, zxid)));
  const bool marked = GENERATE(false, true);
  if (marked) disk->perform(mark(6));
  disk.close();
  const std::string whole = *files.contents(kFirstSegment);
  for (std::int64_t zxid = 1; zxid <= 6; ++zxid) {
    std::string damaged = whole;
    damaged[damaged.find(std::string(entry(zxid).payload.view()))] = '\0';
    if (zxid == 6 && !marked)
      CHECK(opened(with(files, kFirstSegment, damaged)) == entries(1, 5));
    else
      CHECK(opened(with(files, kFirstSegment, damaged)) == std::nullopt);
  }
}

TEST_CASE("of a log that is idle no lost sector takes away what was acknowledged") {
  const std::size_t payload = GENERATE(as<std::size_t>{}, 20, 199, 350, 442, 1500);
  const std::int64_t count = GENERATE(as<std::int64_t>{}, 1, 4, 9);  // also such as fill their segment
  SimFileSystem files;
  Disk disk(files);
  disk.open();
  for (std::int64_t zxid = 1; zxid <= count; ++zxid) disk->perform(append(entries(zxid, zxid, 1, payload)));
  disk->perform(mark(count));
  disk.close();
  for (const std::string& name : files.list(kDirectory)) {
    if (!parse_segment_name(name)) continue;
    const std::string whole = *files.contents(kDirectory + "/" + name);
    for (std::size_t at = 0; at < whole.size(); at += kSectorBytes) {
      std::string damaged = whole;
      std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(at),
                  std::min(kSectorBytes, whole.size() - at), '\0');
      const auto found = opened(with(files, kDirectory + "/" + name, damaged));
      if (found) CHECK(found == entries(1, count, 1, payload));
    }
  }
}

TEST_CASE("a damaged bit in any segment but the last is noticed") {
  SimFileSystem files;
  Disk disk(files);
  disk.open();
  for (std::int64_t from = 1; from <= 60; from += 10) disk->perform(append(entries(from, from + 9, 1, 100)));
  disk.close();
  std::vector<std::string> segments;
  for (const std::string& name : files.list(kDirectory))
    if (parse_segment_name(name)) segments.push_back(kDirectory + "/" + name);
  REQUIRE(segments.size() >= 3);
  segments.pop_back();
  for (const std::string& path : segments) {
    const std::string whole = *files.contents(path);
    for (std::size_t at = 0; at < used(whole); at += 13) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 16);
      CHECK(opened(with(files, path, damaged)) == std::nullopt);
    }
  }
  SimFileSystem missing = files;
  missing.remove(segments[1]);
  CHECK(opened(missing) == std::nullopt);
  CHECK(opened(with(files, segments[1], *files.contents(segments[0]))) == std::nullopt);
  CHECK(opened(with(files, segments[1], "")) == std::nullopt);
}

TEST_CASE("a segment of another history is not taken for the next one") {
  SimFileSystem files;
  SimFileSystem other;
  for (SimFileSystem* each : {&files, &other}) {
    Disk disk(*each);
    disk.open().perform(append(entries(1, 20, each == &files ? 1 : 2, 100)));
    disk->perform(append(entries(21, 60, 2, 100)));
  }
  const std::string last = kDirectory + "/" + files.list(kDirectory).at(1);
  REQUIRE(files.list(kDirectory) == other.list(kDirectory));
  CHECK(opened(with(files, last, *other.contents(last))) == std::nullopt);
}

TEST_CASE("a record that does not name its predecessor does not follow it") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 3)));
  disk.close();
  std::string contents = *files.contents(kFirstSegment);
  const std::uint64_t nonce = decode_segment_header(contents)->nonce;
  std::string stray;
  append_record(stray, nonce, {RecordKind::entry, 12345, Zxid{4}, {Zxid{3}, Zxid{}}, "stray"});
  contents.replace(used(contents), stray.size(), stray);
  CHECK(opened(with(files, kFirstSegment, contents)) == entries(1, 3));
}

TEST_CASE("a refused log is left as it is") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 6)));
  disk.open();
  disk.close();
  std::string damaged = *files.contents(kFirstSegment);
  damaged[kSegmentHeaderBytes + 50] = static_cast<char>(damaged[kSegmentHeaderBytes + 50] ^ 1);
  files.plant(kFirstSegment, damaged);
  const auto before = files.counters();
  CHECK_THROWS_AS(disk.open(), DiskError);
  CHECK(files.counters().operations == before.operations);
}

TEST_CASE("of a damaged log that is being set aside no crash leaves a part that votes") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(vote(3, 2));
  for (std::int64_t from = 1; from <= 60; from += 10) disk->perform(append(entries(from, from + 9, 1, 100)));
  disk.close();
  std::string damaged = *files.contents(kFirstSegment);
  damaged[kSegmentHeaderBytes + 50] = static_cast<char>(damaged[kSegmentHeaderBytes + 50] ^ 1);
  files.plant(kFirstSegment, damaged);
  bool crashed = true;
  for (std::uint64_t at = 1; crashed; ++at) {
    SimFileSystem left = files;
    left.crash_at(at);
    Disk starting(left);
    starting.repair = true;
    crashed = false;
    try {
      starting.open();
    } catch (const SimCrash&) {
      crashed = true;
    }
    starting.close();
    left.crash(Random(at));
    Disk again(left);
    again.repair = true;
    again.open();
    CHECK(again->last() == Zxid{});
    CHECK(again->hard_state().epoch == Epoch{3});
    CHECK_FALSE(again->hard_state().qualified);
  }
}

TEST_CASE("what a killed process set aside does not come back once a start has found it gone") {
  SimFileSystem files;
  Disk disk(files);
  disk.open();
  for (std::int64_t from = 1; from <= 60; from += 10) disk->perform(append(entries(from, from + 9, 1, 100)));
  disk.close();
  std::string damaged = *files.contents(kFirstSegment);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  files.plant(kFirstSegment, damaged);
  bool killed = true;
  for (std::uint64_t at = 1; killed; ++at) {
    SimFileSystem left = files;
    left.crash_at(at);
    Disk starting(left);
    starting.repair = true;
    killed = false;
    try {
      starting.open();
    } catch (const SimCrash&) {
      killed = true;
    }
    starting.close();
    left.kill();
    const auto found = all_of(starting.open());
    starting.close();
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      SimFileSystem cut = left.crash_image(Random(seed));
      Disk again(cut);
      again.repair = true;
      CHECK(all_of(again.open()) == found);
    }
  }
}

TEST_CASE("lost votes are no reason to lose the log, but it proves nothing alone") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 6, 4)));
  disk.close();
  const bool missing = GENERATE(false, true);
  for (const char* name : {"/vote-0", "/vote-1"}) {
    if (missing)
      files.remove(kDirectory + name);
    else
      files.plant(kDirectory + name, std::string(512, 'x'));
  }
  CHECK_THROWS_WITH(disk.open(), Catch::Contains("one that is alone needs a backup (muster restore)"));
  disk.repair = true;
  CHECK(all_of(disk.open()) == entries(1, 6, 4));
  CHECK(disk->hard_state().epoch == Epoch{4});
  CHECK_FALSE(disk->hard_state().qualified);
}

TEST_CASE("records that a client hid in its data are not records") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 1)));
  // What it could know: everything but the nonce.
  std::string fake;
  for (std::int64_t zxid = 3; zxid < 9; ++zxid)
    append_record(fake, 1, {RecordKind::entry, 0, Zxid{zxid}, {Zxid{8}, Zxid{8}}, "x"});
  broadcast::Entry second = entry(2);
  second.payload = SharedBytes(fake);
  disk->perform(append({second}));
  disk.close();
  std::string torn = *files.contents(kFirstSegment);
  torn[torn.find(fake) - 1] ^= 1;
  CHECK(opened(with(files, kFirstSegment, torn)) == entries(1, 1));
}

TEST_CASE("a record that is damaged while the server runs is not handed out") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 6)));
  const std::string payload(entry(4).payload.view());
  const std::uint64_t at = files.contents(kFirstSegment)->find(payload);
  files.open(kFirstSegment)->write(at, "#");
  CHECK(disk->read(Zxid{1}, Zxid{3}, 4096) == entries(1, 3));
  CHECK_THROWS_AS(disk->read(Zxid{1}, Zxid{6}, 4096), DiskError);
}

TEST_CASE("leftovers of an interrupted start are no segments") {
  SimFileSystem files;
  Disk disk(files);
  disk.open().perform(append(entries(1, 6)));
  disk.close();
  files.plant(kDirectory + "/spare", std::string(100, 'x'));
  CHECK(all_of(disk.open()) == entries(1, 6));
  CHECK_FALSE(files.contents(kDirectory + "/spare"));
}

}  // namespace muster::storage
