#include "server/broadcast/recovery.h"

#include <catch2/catch.hpp>

#include "tests/unit/broadcast/values.h"

namespace muster::broadcast {

TEST_CASE("a log is folded into what a peer starts from") {
  Recovery recovery(HardState{Epoch{4}, ServerId{2}, true, Epoch{}});
  Entry founding = entry(1, 1, encode(Founding{"cluster", "secret", voters(3)}));
  founding.kind = EntryKind::founding;
  CHECK(recovery.delivered(founding));
  Entry first = entry(2, 1, "a"), repeated = entry(3, 2, "a"), above = entry(4, 3, "b");
  first.forward = repeated.forward = forward(1, 7, 1);
  above.forward = forward(1, 7, 2);
  CHECK(recovery.delivered(first));
  CHECK_FALSE(recovery.delivered(repeated));
  recovery.tail(above);

  const Recovered recovered = recovery.take();
  CHECK(recovered.delivered == Zxid{3});
  CHECK(recovered.tail == std::vector<Entry>{above});
  CHECK(recovered.founding->cluster_id == "cluster");
  CHECK(recovered.membership == voters(3));
  CHECK(recovered.origins == std::vector<ForwardId>{forward(1, 7, 1)});
  CHECK(recovered.epochs ==
        std::vector<EpochStart>{{Epoch{1}, Zxid{1}}, {Epoch{2}, Zxid{3}}, {Epoch{3}, Zxid{4}}});
}

TEST_CASE("a state stands for the log below it") {
  Base base;
  base.zxid = Zxid{8};
  base.epoch = Epoch{2};
  base.founding = Founding{"cluster", "secret", voters(3)};
  base.membership = voters(3);
  base.membership_set = Zxid{1};
  base.origins = {forward(1, 7, 4)};
  base.epochs = {{Epoch{1}, Zxid{1}}, {Epoch{2}, Zxid{5}}};
  Recovery recovery(HardState{Epoch{4}, ServerId{2}, true, Epoch{}}, base, Zxid{6});
  Entry repeated = entry(9, 3, "a"), next = entry(10, 3, "b"), above = entry(11, 4, "c");
  repeated.forward = forward(1, 7, 4);
  next.forward = forward(1, 7, 5);
  CHECK_FALSE(recovery.delivered(repeated));
  CHECK(recovery.delivered(next));
  recovery.tail(above);

  PeerConfig config;
  config.self = ServerId{1};
  config.initial = voters(3);
  Peer peer(config, recovery.take(), Random(1));
  CHECK(peer.floor() == Zxid{5});
  CHECK(peer.delivered() == Zxid{10});
  CHECK(peer.last() == Zxid{11});
  const Base now = *peer.base();
  CHECK(now.zxid == Zxid{10});
  CHECK(now.epoch == Epoch{3});
  CHECK(now.founding == base.founding);
  CHECK(now.membership_set == Zxid{1});
  CHECK(now.origins == std::vector<ForwardId>{forward(1, 7, 5)});
  CHECK(now.epochs == std::vector<EpochStart>{{Epoch{1}, Zxid{1}}, {Epoch{2}, Zxid{5}}, {Epoch{3}, Zxid{9}}});
}

TEST_CASE("of a log that reaches further down than a state's epochs, only what they tell is used") {
  Base base;
  base.zxid = Zxid{8};
  base.epoch = Epoch{2};
  base.epochs = {{Epoch{2}, Zxid{5}}};
  CHECK(Recovery(HardState{}, base, Zxid{2}).take().floor == Zxid{5});
  CHECK(Recovery(HardState{}, base, Zxid{6}).take().floor == Zxid{5});
  CHECK(Recovery(HardState{}, base, Zxid{7}).take().floor == Zxid{6});
}

TEST_CASE("a whole log below a state is of use from its first entry on") {
  Base base;
  base.zxid = Zxid{8};
  base.epoch = Epoch{2};
  base.epochs = {{Epoch{1}, Zxid{1}}, {Epoch{2}, Zxid{5}}};
  CHECK(Recovery(HardState{}, base, Zxid{1}).take().floor == Zxid{});
  CHECK(Recovery(HardState{}, base, Zxid{3}).take().floor == Zxid{2});
}

TEST_CASE("what a start makes of the log and the state on the disk") {
  const StateMark state{Zxid{10}, Epoch{3}};
  const auto log = [](std::int64_t first, std::int64_t last, std::optional<Epoch> at = std::nullopt) {
    return LogExtent{Zxid{first}, Zxid{last}, at};
  };
  CHECK(judge_start(log(1, 0), std::nullopt) == StartFrom::log);
  CHECK(judge_start(log(1, 9), std::nullopt) == StartFrom::log);
  CHECK(judge_start(log(1, 12, Epoch{3}), state) == StartFrom::state);
  CHECK(judge_start(log(11, 10), state) == StartFrom::state);
  CHECK(judge_start(log(11, 12), state) == StartFrom::state);
  CHECK(judge_start(log(1, 0), state) == StartFrom::new_state);
  CHECK(judge_start(log(1, 9), state) == StartFrom::new_state);
  CHECK(judge_start(log(1, 12, Epoch{2}), state) == StartFrom::new_state);
  CHECK(judge_start(log(5, 12), std::nullopt) == StartFrom::log_alone);
  CHECK(judge_start(log(12, 12), state) == StartFrom::log_alone);
  CHECK(judge_start(log(5, 4), std::nullopt) == StartFrom::nothing);
  CHECK(judge_start(log(12, 11), state) == StartFrom::nothing);
  // What was wrong is not made anew, neither from a state below nor from the log.
  CHECK(judge_start(log(1, 12), std::nullopt, Zxid{11}) == StartFrom::log_alone);
  CHECK(judge_start(log(1, 12, Epoch{3}), state, Zxid{11}) == StartFrom::log_alone);
  CHECK(judge_start(log(11, 10), state, Zxid{11}) == StartFrom::nothing);
  CHECK(judge_start(log(1, 12, Epoch{3}), state, Zxid{10}) == StartFrom::state);
}

TEST_CASE("an empty log recovers to nothing") {
  const Recovered recovered = Recovery(HardState{}).take();
  CHECK(recovered.tail.empty());
  CHECK(recovered.delivered == Zxid{});
  CHECK_FALSE(recovered.founding);
}

}  // namespace muster::broadcast
