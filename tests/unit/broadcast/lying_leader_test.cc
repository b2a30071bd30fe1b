// A leader that knows the secret and lies, or has a bug: it may make a follower useless to itself, but not bring it down, nor make it
// forget what is committed.
#include <catch2/catch.hpp>
#include <utility>

#include "server/broadcast/recovery.h"
#include "tests/unit/broadcast/values.h"

namespace muster::broadcast {
namespace {

// Server 2 of three, new, with a disk that writes at once; servers 1 and 3 are connected.
class LoneFollower {
 public:
  LoneFollower() {
    for (const int other : {1, 3}) {
      peer.link_up(now, ServerId{other}, 1);
      say(other, 1, Hello{static_cast<std::uint64_t>(other), "", true, false, Zxid{9}, Epoch{1}});
    }
  }

  template <class Body>
  void say(int from, std::int64_t epoch, Body body) {
    peer.step(now, ServerId{from}, 1, Message{Epoch{epoch}, std::move(body)});
    for (Ready ready = peer.take_ready(); !ready.empty(); ready = peer.take_ready())
      if (ready.persist) peer.persisted(now, ready.persist->ticket);
  }
  void append(int from, std::int64_t epoch, std::int64_t prev, std::int64_t prev_epoch,
              std::vector<Entry> entries, std::int64_t commit) {
    say(from, epoch, Append{Zxid{prev}, Epoch{prev_epoch}, std::move(entries), Zxid{commit}, ++beat_, true});
  }

  Peer peer = make();
  Now now{100, 5000};

 private:
  static Peer make() {
    PeerConfig config;
    config.self = ServerId{2};
    config.boot = 7;
    config.initial = voters(3);
    return Peer(config, Recovery(HardState{}).take(), Random(1));
  }
  std::uint64_t beat_ = 0;
};

Entry of(Entry entry, ForwardId id) {
  entry.forward = id;
  return entry;
}

}  // namespace

TEST_CASE("a later leader that has another entry where something is committed is not heard") {
  LoneFollower follower;
  follower.append(1, 1, 0, 0, {entry(1, 1), entry(2, 1)}, 2);
  REQUIRE(follower.peer.committed() == Zxid{2});
  follower.append(3, 2, 0, 0, {entry(1, 2), entry(2, 2), entry(3, 2)}, 3);
  CHECK(follower.peer.last() == Zxid{2});
  follower.append(3, 2, 1, 1, {entry(2, 2)}, 2);
  CHECK(follower.peer.last() == Zxid{2});
  // One that goes on from what is committed is.
  follower.append(3, 2, 2, 1, {entry(3, 2)}, 3);
  CHECK(follower.peer.committed() == Zxid{3});
}

TEST_CASE("a leader that changes what it sent in the same epoch is not heard") {
  LoneFollower follower;
  follower.append(1, 2, 0, 0, {entry(1, 1), entry(2, 1), entry(3, 1)}, 0);
  REQUIRE(follower.peer.last() == Zxid{3});
  follower.append(1, 2, 1, 1, {entry(2, 2)}, 3);
  CHECK(follower.peer.last() == Zxid{3});
  CHECK(follower.peer.committed() == Zxid{});
  follower.append(1, 2, 3, 1, {entry(4, 2)}, 4);
  CHECK(follower.peer.committed() == Zxid{4});
}

TEST_CASE("a proposal of ours that we never made is not taken") {
  LoneFollower follower;
  follower.append(1, 1, 0, 0, {of(entry(1, 1), forward(2, 7, 1))}, 1);
  CHECK(follower.peer.last() == Zxid{});
  // A former process of this server may have made it.
  follower.append(1, 1, 0, 0, {of(entry(1, 1), forward(2, 6, 1))}, 1);
  CHECK(follower.peer.last() == Zxid{1});
  REQUIRE(follower.peer.propose(follower.now, SharedBytes("a")) == 1U);
  follower.append(1, 1, 1, 1, {of(entry(2, 1), forward(2, 7, 1))}, 2);
  CHECK(follower.peer.delivered() == Zxid{2});
}

}  // namespace muster::broadcast
