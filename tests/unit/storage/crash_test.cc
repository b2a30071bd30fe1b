// Power cuts at every file operation of several stories, each with several guesses at what of the unsynced
// was left, and power cuts during the recoveries that follow. What must hold:
//   - the log is one that the story allows at that moment: all that was performed, and a front of what was
//   being performed
//   - a log opened twice is the same, and goes on
//   - epoch and vote are those performed, or those being performed
#include <catch2/catch.hpp>
#include <functional>

#include "tests/unit/storage/fixture.h"

namespace muster::storage {
namespace {

using Entries = std::vector<broadcast::Entry>;
constexpr std::uint64_t kSegmentBytes = 2048;

// What a story has done so far, without a disk.
struct Model {
  Entries log;
  std::int64_t committed = 0;  // greatest noted
  broadcast::HardState hard_state;

  void perform(const broadcast::Persist& persist) {
    if (persist.truncate_after) cut(*persist.truncate_after);
    log.insert(log.end(), persist.append.begin(), persist.append.end());
    committed = std::max(committed, persist.committed.value);
    if (persist.hard_state) hard_state = *persist.hard_state;
  }
  void cut(Zxid keep) {
    while (!log.empty() && log.back().zxid > keep) log.pop_back();
  }
};

bool is_front(const Entries& front, const Entries& whole) {
  return front.size() <= whole.size() && std::equal(front.begin(), front.end(), whole.begin());
}

// `found` must lie on the way from `before` through the truncation to the end of the appends.
bool allowed(const Entries& found, const Model& before, const broadcast::Persist& during) {
  Model cut = before;
  if (during.truncate_after) cut.cut(*during.truncate_after);
  if (is_front(cut.log, found) && is_front(found, before.log)) return true;
  Model after = before;
  after.perform(during);
  return is_front(cut.log, found) && is_front(found, after.log);
}

broadcast::HardState at_least_of_log(broadcast::HardState state, const Entries& log) {
  if (!log.empty() && log.back().epoch > state.epoch) {
    state.epoch = log.back().epoch;
    state.vote = ServerId{};
  }
  return state;
}

void check_left(SimFileSystem& left, const Model& before, const broadcast::Persist& during,
                std::size_t next_bytes) {
  Disk disk(left, kSegmentBytes);
  const Entries found = all_of(disk.open());
  CHECK(allowed(found, before, during));
  if (!during.truncate_after)
    CHECK(disk->commit_mark().value <= std::max(before.committed, during.committed.value));
  CHECK(disk->commit_mark() <= disk->last());

  const broadcast::HardState state = disk->hard_state();
  const bool old_state = state == at_least_of_log(before.hard_state, found);
  const bool new_state = during.hard_state && state == at_least_of_log(*during.hard_state, found);
  CHECK((old_state || new_state));

  // What was found may be announced now, so it must be durable.
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    SimFileSystem cut = left.crash_image(Random(seed));
    Disk again(cut, kSegmentBytes);
    CHECK(all_of(again.open()) == found);
    CHECK(again->hard_state() == state);
  }
  CHECK(all_of(disk.open()) == found);
  CHECK(disk->hard_state() == state);
  // It goes on, and nothing that was cut comes back.
  const std::int64_t next = found.empty() ? 1 : found.back().zxid.value + 1;
  disk->perform(append({entry(next, 99, next_bytes)}));
  Entries expected = found;
  expected.push_back(entry(next, 99, next_bytes));
  CHECK(all_of(disk.open()) == expected);
}

// Cuts the power in the recovery too, at operation `at`; says whether it came to that.
bool crash_while_opening(SimFileSystem& left, std::uint64_t at, Random random) {
  left.crash_at(at);
  bool crashed = false;
  try {
    Disk disk(left, kSegmentBytes);
    disk.open();
  } catch (const SimCrash&) {
    crashed = true;
  }
  left.crash(random);
  return crashed;
}

void check_all_crashes(const std::vector<broadcast::Persist>& story) {
  std::uint64_t crashes = 0;
  bool finished = false;
  for (std::uint64_t at = 1; !finished; ++at) {
    SimFileSystem files;
    files.crash_at(at);
    Model before;
    broadcast::Persist during;
    try {
      Disk disk(files, kSegmentBytes);
      disk.open();
      for (const auto& step : story) {
        during = step;
        disk->perform(step);
        before.perform(step);
      }
      during = {};
      finished = true;
    } catch (const SimCrash&) {
    }
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      INFO("operation " << at << ", seed " << seed);
      SimFileSystem left = files.crash_image(Random(at * 1000 + seed));
      if (seed % 3 == 0) {
        left = files;  // the process was killed, the machine lives
        left.kill();
      }
      for (std::uint64_t again = 1 + seed;
           crash_while_opening(left, again, Random(at * 7919 + again)) && again < 40;)
        again += 3 + seed;
      check_left(left, before, during, seed % 2 == 0 ? 20 : 2 * kSegmentBytes);
      ++crashes;
    }
  }
  CHECK(crashes >= 12 * story.size());
}

}  // namespace

TEST_CASE("power cuts while appending") {
  std::vector<broadcast::Persist> story;
  for (std::int64_t zxid = 1; zxid <= 8; ++zxid)
    story.push_back(append(entries(zxid, zxid, 1, 200), zxid - 1));
  story.push_back(mark(8));
  story.push_back(append(entries(9, 9, 1, 200), 8));
  check_all_crashes(story);
}

TEST_CASE("power cuts while appending batches over several segments") {
  check_all_crashes({append(entries(1, 20, 1, 300)), append(entries(21, 22, 1, 300), 20), mark(22),
                     append(entries(23, 50, 1, 300), 22), append({entry(51, 1, 5000)}, 50),
                     append(entries(52, 53))});
}

TEST_CASE("power cuts while truncating and appending other entries at the same zxids") {
  const std::int64_t keep = GENERATE(0, 3, 5, 6, 7, 12, 19, 20);
  check_all_crashes({append(entries(1, 10, 1, 300)), append(entries(11, 20, 1, 300)),
                     truncate(keep, entries(keep + 1, keep + 4, 2, 300)),
                     truncate(keep + 1, entries(keep + 2, keep + 12, 3, 300)), truncate(keep + 2)});
}

TEST_CASE("power cuts while voting, before there is a log") {
  check_all_crashes({vote(1, 2), vote(2, 3), vote(3, 1), vote(4, 2)});
}

TEST_CASE("power cuts while voting") {
  std::vector<broadcast::Persist> story{append(entries(1, 2, 1))};
  for (std::int64_t epoch = 2; epoch <= 6; ++epoch) {
    story.push_back(vote(epoch, 3));
    broadcast::Persist both = append(entries(epoch + 1, epoch + 1, epoch));
    both.hard_state = voted(epoch, 2);
    story.push_back(both);
  }
  check_all_crashes(story);
}

TEST_CASE("power cuts in random stories") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Random random(seed);
    std::vector<broadcast::Persist> story;
    std::int64_t last = 0;
    std::int64_t committed = 0;
    std::int64_t epoch = 1;
    for (int step = 0; step < 10; ++step) {
      broadcast::Persist persist;
      if (random.chance(1, 4) && last > committed) {
        last = random.between(committed, last);
        persist.truncate_after = Zxid{last};
        ++epoch;
      }
      const std::int64_t count = random.between(0, 8);
      persist.append = entries(last + 1, last + count, epoch, random.below(600));
      last += count;
      committed = random.between(committed, last);
      persist.committed = Zxid{committed};
      if (random.chance(1, 4))
        persist.hard_state = voted(epoch, static_cast<std::int32_t>(random.between(1, 3)));
      story.push_back(persist);
    }
    INFO("story " << seed);
    check_all_crashes(story);
  }
}

}  // namespace muster::storage
