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

// One step of a story: a unit of work, or the log is reset to a state.
struct Step {
  Step(broadcast::Persist work) : persist(std::move(work)) {}  // NOLINT(google-explicit-constructor)
  explicit Step(Zxid base) : reset(base) {}
  broadcast::Persist persist;
  std::optional<Zxid> reset;

  void on(Durable& durable) const {
    if (!reset) return durable.perform(persist);
    const auto from = durable.settle(broadcast::StateMark{*reset, Epoch{77}});
    CHECK(from == broadcast::StartFrom::new_state);
  }
};

// What a story has done so far, without a disk.
struct Model {
  Zxid base;  // the log begins at the latest above it
  Entries log;
  std::int64_t committed = 0;  // greatest noted
  broadcast::HardState hard_state;

  void perform(const Step& step) {
    if (step.reset) {
      base = *step.reset;
      committed = base.value;
      log.clear();
      return;
    }
    const broadcast::Persist& persist = step.persist;
    if (persist.truncate_after) cut(*persist.truncate_after);
    log.insert(log.end(), persist.append.begin(), persist.append.end());
    committed = std::max(committed, persist.committed.value);
    if (persist.hard_state) hard_state = *persist.hard_state;
    // Whole segments go; which ones is not the story's business, only that none holds more than was allowed.
    if (persist.purge_through) base = std::max(base, *persist.purge_through);
  }
  void cut(Zxid keep) {
    while (!log.empty() && log.back().zxid > keep) log.pop_back();
  }
};

bool is_front(const Entries& front, const Entries& whole) {
  return front.size() <= whole.size() && std::equal(front.begin(), front.end(), whole.begin());
}

struct Found {
  Zxid first;
  Entries log;
};

// What the model has from the found log's beginning on; whether it begins low enough is another question.
Entries from_first(const Found& found, const Model& model) {
  Entries rest = model.log;
  rest.erase(rest.begin(),
             std::find_if(rest.begin(), rest.end(), [&](const auto& e) { return e.zxid >= found.first; }));
  return rest;
}

// `found` must lie on the way from `before` through the truncation to the end of the appends and the purge; or through a reset.
bool allowed(const Found& found, const Model& before, const Step& during) {
  const Entries old = from_first(found, before);
  if (during.reset) {
    const bool done = found.first == during.reset->next() || found.first == Zxid{1};
    return (done && found.log.empty()) || (found.first <= before.base.next() && is_front(found.log, old));
  }
  Model cut = before;
  if (during.persist.truncate_after) cut.cut(*during.persist.truncate_after);
  const Entries kept = from_first(found, cut);
  if (found.first <= before.base.next() && is_front(kept, found.log) && is_front(found.log, old)) return true;
  Model after = before;
  after.perform(during);
  return found.first <= after.base.next() && is_front(kept, found.log) &&
         is_front(found.log, from_first(found, after));
}

broadcast::HardState at_least_of_log(broadcast::HardState state, const Entries& log) {
  if (!log.empty() && log.back().epoch > state.epoch) {
    state.epoch = log.back().epoch;
    state.vote = ServerId{};
  }
  return state;
}

void check_left(SimFileSystem& left, const Model& before, const Step& step, std::size_t next_bytes) {
  Disk disk(left, kSegmentBytes);
  const Entries found = all_of(disk.open());
  CHECK(allowed({disk->first(), found}, before, step));
  const broadcast::Persist& during = step.persist;
  if (!during.truncate_after && !step.reset)
    CHECK(disk->commit_mark().value <= std::max(before.committed, during.committed.value));
  CHECK(disk->commit_mark() <= disk->last());
  CHECK(disk->commit_mark().next() >= disk->first());

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
  const std::int64_t next = disk->last().value + 1;
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

void check_all_crashes(const std::vector<Step>& story) {
  std::uint64_t crashes = 0;
  bool finished = false;
  for (std::uint64_t at = 1; !finished; ++at) {
    SimFileSystem files;
    files.crash_at(at);
    Model before;
    Step during{broadcast::Persist()};
    try {
      Disk disk(files, kSegmentBytes);
      disk.open();
      for (const auto& step : story) {
        during = step;
        step.on(*disk);
        before.perform(step);
      }
      during = Step{broadcast::Persist()};
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
  std::vector<Step> story;
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
  std::vector<Step> story{append(entries(1, 2, 1))};
  for (std::int64_t epoch = 2; epoch <= 6; ++epoch) {
    story.push_back(vote(epoch, 3));
    broadcast::Persist both = append(entries(epoch + 1, epoch + 1, epoch));
    both.hard_state = voted(epoch, 2);
    story.push_back(both);
  }
  check_all_crashes(story);
}

TEST_CASE("power cuts while the log's beginning goes and its files serve again") {
  std::vector<Step> story;
  for (std::int64_t from = 1; from <= 60; from += 6) {
    story.emplace_back(append(entries(from, from + 5, 1, 200), from - 1));
    if (from > 12 && from % 4 == 1) story.emplace_back(purge(from - 8));
  }
  story.emplace_back(truncate(58, entries(59, 62, 2, 300)));
  story.emplace_back(purge(57));
  story.emplace_back(append(entries(63, 80, 2, 200), 60));
  check_all_crashes(story);
}

TEST_CASE("power cuts while the log is reset to a state") {
  const std::int64_t base = GENERATE(1, 10, 25, 26, 100);
  check_all_crashes({append(entries(1, 10, 1, 300), 5), append(entries(11, 25, 1, 300), 5), Step(Zxid{base}),
                     append(entries(base + 1, base + 20, 3, 300), base), Step(Zxid{base + 30}),
                     truncate(base + 30, entries(base + 31, base + 33, 4)), truncate(base + 30), vote(9, 1)});
}

TEST_CASE("power cuts in random stories") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Random random(seed);
    std::vector<Step> story;
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
      if (random.chance(1, 4)) persist.purge_through = Zxid{random.between(0, committed)};
      story.emplace_back(persist);
      if (random.chance(1, 8)) {
        last = committed = random.between(committed + 1, last + 9);
        story.emplace_back(Zxid{last});
      }
    }
    INFO("story " << seed);
    check_all_crashes(story);
  }
}

}  // namespace muster::storage
