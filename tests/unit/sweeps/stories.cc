#include "tests/unit/sweeps/stories.h"

#include <utility>

namespace muster::sweeps {
namespace {

broadcast::HardState voted(std::int64_t epoch, std::int32_t vote) {
  broadcast::HardState state;
  state.epoch = Epoch{epoch};
  state.vote = ServerId{vote};
  state.qualified = true;
  return state;
}

// Writes steps about one history.
struct Writer {
  History history;
  std::vector<Step> steps;

  Writer& persist(Entries append, std::int64_t committed) {
    broadcast::Persist work;
    work.append = std::move(append);
    work.committed = Zxid{committed};
    steps.emplace_back(std::move(work));
    return *this;
  }
  broadcast::Persist& last() { return std::get<broadcast::Persist>(steps.back()); }
  Writer& append(std::int64_t first, std::int64_t last, std::int64_t committed) {
    return persist(history.entries(first, last), committed);
  }
  Writer& stray(std::int64_t keep, std::int64_t count, std::int64_t committed) {
    return persist(history.stray(keep, count), committed);
  }
  // Another leader's entries go, and those that were agreed on come.
  Writer& replace(std::int64_t keep, std::int64_t last_zxid, std::int64_t committed, std::int32_t vote) {
    append(keep + 1, last_zxid, committed);
    last().truncate_after = Zxid{keep};
    last().hard_state = voted(history.epoch_of(last_zxid).value, vote);
    return *this;
  }
  Writer& vote(std::int64_t epoch, std::int32_t vote, std::int64_t committed = 0) {
    persist({}, committed);
    last().hard_state = voted(epoch, vote);
    return *this;
  }
  Writer& mark(std::int64_t committed) { return persist({}, committed); }
  Writer& purge(std::int64_t through) {
    persist({}, through);
    last().purge_through = Zxid{through};
    return *this;
  }
  Writer& then(Step step) {
    steps.push_back(std::move(step));
    return *this;
  }
  Story named(const char* name, std::uint64_t segment_bytes) const {
    return {name, history, steps, segment_bytes};
  }
};

Story young_log(std::uint64_t segment_bytes) {
  Writer story{History(60, 8, 60), {}};
  story.vote(1, 2)
      .append(1, 3, 0)
      .then(NoteCluster{})
      .append(4, 6, 3)
      .mark(6)
      .vote(2, 3)
      .stray(6, 3, 6)
      .replace(6, 9, 6, 1)
      .append(10, 30, 9)  // over several segments
      .stray(30, 14, 28)
      .replace(29, 34, 29, 2)
      .mark(34)
      .then(Restart{})
      .append(35, 36, 34);
  return story.named("a young log: votes, batches, segments, truncations", segment_bytes);
}

Story checkpoints(std::uint64_t segment_bytes) {
  Writer story{History(80, 30, 60), {}};
  story.vote(1, 1).append(1, 12, 0).mark(12).then(NoteCluster{}).then(Checkpoint{12}).append(13, 24, 12);
  story.mark(24).then(Checkpoint{20}).purge(12).append(25, 40, 24).then(Checkpoint{24}).purge(20);
  story.append(41, 60, 40).mark(60).then(Restart{}).then(Checkpoint{60}).purge(58).append(61, 70, 60);
  return story.named("checkpoints, and the log below them goes", segment_bytes);
}

Story install(std::uint64_t segment_bytes) {
  Writer story{History(80, 20, 60), {}};
  story.vote(1, 1).append(1, 10, 8).then(NoteCluster{}).then(Checkpoint{8}).append(11, 14, 10);
  story.then(Install{30}).append(31, 35, 30).mark(35);  // the log ends below it
  story.stray(35, 8, 35).then(Install{40});             // and here strays from it
  story.append(41, 44, 40).then(Checkpoint{42}).vote(9, 3, 44).stray(44, 2, 44).replace(44, 50, 44, 2);
  return story.named("states are installed, and the log goes on from them", segment_bytes);
}

// Large values: LevelDB changes its log in the middle of a checkpoint. Not twice: it would wait for a table.
Story large_checkpoints(std::size_t data_bytes) {
  Writer story{History(60, 60, data_bytes), {}};
  story.vote(1, 1).append(1, 40, 40).then(Checkpoint{36});
  story.then(Restart{}).append(41, 55, 50).then(Checkpoint{48}).purge(36).then(Checkpoint{50});
  return story.named("large checkpoints", 64 * 1024);
}

Story damage(std::uint64_t segment_bytes) {
  Writer story{History(40, 10, 60), {}};
  story.vote(1, 1).append(1, 24, 8).then(NoteCluster{}).then(SetAside{false}).append(1, 24, 20);
  story.vote(5, 2, 24).then(SetAside{true}).append(25, 30, 24).then(Restart{});
  return story.named("a damaged log is set aside, and damaged votes", segment_bytes);
}

}  // namespace

std::vector<Story> all_stories() {
  return {young_log(2048), checkpoints(2048), install(2048), large_checkpoints(4500), damage(2048)};
}

std::vector<Story> more_stories() {
  std::vector<Story> stories = all_stories();
  for (const std::uint64_t bytes : {1024U, 1536U, 3072U, 4096U})
    for (const auto& story : {young_log, checkpoints, install, damage}) stories.push_back(story(bytes));
  stories.push_back(large_checkpoints(6000));
  return stories;
}

}  // namespace muster::sweeps
