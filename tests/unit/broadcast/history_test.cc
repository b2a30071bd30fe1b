#include "server/broadcast/history.h"

#include <catch2/catch.hpp>

#include "tests/unit/broadcast/values.h"

namespace muster::broadcast {
namespace {

// Epochs: 1 1 3 3 3 4
History six() {
  return History({}, {entry(1, 1), entry(2, 1), entry(3, 3), entry(4, 3), entry(5, 3), entry(6, 4)}, Zxid{},
                 Zxid{});
}

}  // namespace

TEST_CASE("an empty history ends before the first entry") {
  const History history({}, {}, Zxid{}, Zxid{});
  CHECK(history.last() == Zxid{});
  CHECK(history.last_epoch() == Epoch{});
  CHECK(history.first() == Zxid{1});
  CHECK(history.epoch_at(Zxid{}) == Epoch{});
  CHECK_FALSE(history.epoch_at(Zxid{1}));
}

TEST_CASE("every entry's epoch is known") {
  const History history = six();
  const std::vector<std::int64_t> epochs{1, 1, 3, 3, 3, 4};
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    CHECK(history.epoch_at(Zxid{static_cast<std::int64_t>(i) + 1}) == Epoch{epochs[i]});
  }
  CHECK_FALSE(history.epoch_at(Zxid{7}));
}

TEST_CASE("two logs may meet at the last entry that is not after a place and an epoch") {
  const History history = six();
  CHECK(history.last_not_after(Zxid{9}, Epoch{9}) == Zxid{6});
  CHECK(history.last_not_after(Zxid{6}, Epoch{3}) == Zxid{5});
  CHECK(history.last_not_after(Zxid{4}, Epoch{3}) == Zxid{4});
  CHECK(history.last_not_after(Zxid{6}, Epoch{2}) == Zxid{2});
  CHECK(history.last_not_after(Zxid{1}, Epoch{3}) == Zxid{1});
  CHECK(history.last_not_after(Zxid{6}, Epoch{0}) == Zxid{});
}

TEST_CASE("a truncated tail takes its epochs along and the log goes on") {
  History history = six();
  history.truncate_after(Zxid{2});
  CHECK(history.last() == Zxid{2});
  CHECK(history.last_epoch() == Epoch{1});
  history.append(entry(3, 5));
  CHECK(history.epoch_at(Zxid{3}) == Epoch{5});
}

TEST_CASE("collecting takes at least one entry and stops at the limit") {
  const History history = six();
  std::vector<Entry> out;
  CHECK(history.collect(Zxid{5}, 1, out) == 64);
  CHECK(out.size() == 1);
  CHECK(out.front().zxid == Zxid{5});
  out.clear();
  CHECK(history.collect(Zxid{2}, 128, out) == 128);
  CHECK(out.back().zxid == Zxid{3});
  out.clear();
  CHECK(history.collect(Zxid{1}, 100000, out) == 6 * 64);
}

TEST_CASE("trimming spares what is not delivered and what is above the limit") {
  History history = six();
  CHECK(history.undelivered_bytes() == 6 * 64);
  history.trim(Zxid{6}, 0);
  CHECK(history.first() == Zxid{1});
  history.delivered_to(Zxid{4});
  CHECK(history.undelivered_bytes() == 2 * 64);
  history.trim(Zxid{2}, 0);
  CHECK(history.first() == Zxid{3});
  history.trim(Zxid{6}, 64);
  CHECK(history.first() == Zxid{4});
  history.trim(Zxid{6}, 0);
  CHECK(history.first() == Zxid{5});
  CHECK(history.epoch_at(Zxid{1}) == Epoch{1});  // still known
}

TEST_CASE("epochs below the recovered tail come from what was recovered") {
  const History history({{Epoch{1}, Zxid{1}}, {Epoch{2}, Zxid{4}}, {Epoch{6}, Zxid{9}}}, {entry(9, 6)},
                        Zxid{8}, Zxid{});
  CHECK(history.first() == Zxid{9});
  CHECK(history.epoch_at(Zxid{3}) == Epoch{1});
  CHECK(history.epoch_at(Zxid{8}) == Epoch{2});
  CHECK(history.epoch_at(Zxid{9}) == Epoch{6});
  const History unknown({}, {entry(8, 2)}, Zxid{7}, Zxid{7});
  CHECK_FALSE(unknown.epoch_at(Zxid{7}));
}

TEST_CASE("a log without entries ends where its state ends") {
  const History history({{Epoch{2}, Zxid{4}}}, {}, Zxid{8}, Zxid{8});
  CHECK(history.last() == Zxid{8});
  CHECK(history.last_epoch() == Epoch{2});
  CHECK(history.first() == Zxid{9});
}

TEST_CASE("of what is forgotten the last entry's epoch stays known") {
  History history = six();
  history.delivered_to(Zxid{6});
  history.forget_through(Zxid{4});
  CHECK(history.floor() == Zxid{4});
  CHECK(history.epoch_at(Zxid{4}) == Epoch{3});
  CHECK_FALSE(history.epoch_at(Zxid{2}));
  CHECK(history.epochs_through(Zxid{6}) == std::vector<EpochStart>{{Epoch{3}, Zxid{3}}, {Epoch{4}, Zxid{6}}});
  // A log that strays below what is known meets ours below the floor.
  CHECK(history.last_not_after(Zxid{5}, Epoch{2}) < history.floor());
}

}  // namespace muster::broadcast
