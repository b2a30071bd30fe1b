#include <catch2/catch.hpp>

#include "server/broadcast/recovery.h"
#include "tests/unit/broadcast/values.h"

namespace muster::broadcast {
namespace {

// A server alone, with a disk that writes at once.
struct Alone {
  Peer peer = make();
  Now now{100, 5000};
  std::vector<Entry> delivered;

  static Peer make() {
    PeerConfig config;
    config.self = ServerId{1};
    config.boot = 7;
    config.initial = voters(1);
    config.entropy = std::string(48, 'e');
    return Peer(config, Recovery(HardState{}).take(), Random(1));
  }

  void run() {
    for (Ready ready = peer.take_ready(); !ready.empty(); ready = peer.take_ready()) {
      for (const Delivery& delivery : ready.deliver) delivered.push_back(delivery.entry);
      if (ready.persist) peer.persisted(now, ready.persist->ticket);
    }
  }
  void pass(std::int64_t ms) {
    now.mono_ms += ms;
    peer.tick(now);
    run();
  }
};

Alone leading() {
  Alone alone;
  alone.pass(0);
  alone.pass(1000);
  REQUIRE(alone.peer.established());
  return alone;
}

}  // namespace

TEST_CASE("nothing is delivered before it is on the only disk") {
  Alone alone = leading();
  REQUIRE(alone.peer.propose(alone.now, SharedBytes("a")) == 1u);
  Ready ready = alone.peer.take_ready();
  CHECK(ready.deliver.empty());
  REQUIRE(ready.persist);
  REQUIRE(ready.persist->append.size() == 1);
  CHECK(ready.persist->append[0].time_ms == 5000);
  alone.peer.persisted(alone.now, ready.persist->ticket);
  ready = alone.peer.take_ready();
  REQUIRE(ready.deliver.size() == 1);
  CHECK(ready.deliver[0].accepted);
  CHECK(ready.deliver[0].entry.forward == forward(1, 7, 1));
}

TEST_CASE("a copy goes its own way") {
  Alone alone = leading();
  Alone copy = alone;
  REQUIRE(copy.peer.propose(copy.now, SharedBytes("x")));
  copy.run();
  alone.run();
  CHECK(copy.peer.delivered() == alone.peer.delivered().next());
  alone = copy;
  CHECK(alone.peer.delivered() == copy.peer.delivered());
}

TEST_CASE("the founder mints an ensemble of its configuration") {
  const Alone alone = leading();
  REQUIRE(alone.peer.founding());
  CHECK(alone.peer.founding()->cluster_id == std::string(16, 'e'));
  CHECK(alone.peer.founding()->secret == std::string(32, 'e'));
  CHECK(alone.peer.membership() == voters(1));
  CHECK(alone.peer.hard_state().qualified);
  REQUIRE(alone.delivered.size() == 2);
  CHECK(alone.delivered[0].kind == EntryKind::founding);
  CHECK(alone.delivered[1].kind == EntryKind::epoch_start);
}

TEST_CASE("a message that cannot be is dropped") {
  Alone alone = leading();
  alone.peer.link_up(alone.now, ServerId{2}, 1);
  const Epoch before = alone.peer.hard_state().epoch;
  alone.peer.step(alone.now, ServerId{2}, 1, Message{Epoch{INT64_MAX}, Hello{}});
  alone.peer.step(alone.now, ServerId{2}, 2, Message{Epoch{9}, Hello{}});        // of no link
  alone.peer.step(alone.now, ServerId{2}, 1, Message{Epoch{9}, AppendReply{}});  // before Hello
  Hello foreign;
  foreign.cluster_id = "another ensemble";
  alone.peer.step(alone.now, ServerId{2}, 1, Message{Epoch{9}, foreign});
  CHECK(alone.peer.hard_state().epoch == before);
  CHECK_THAT(alone.peer.describe(), Catch::Contains("foreign 2"));
}

}  // namespace muster::broadcast
