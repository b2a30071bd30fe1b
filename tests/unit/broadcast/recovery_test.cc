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
  CHECK(recovered.delivered_epoch == Epoch{2});
  CHECK(recovered.tail == std::vector<Entry>{repeated, above});
  CHECK(recovered.founding->cluster_id == "cluster");
  CHECK(recovered.membership == voters(3));
  CHECK(recovered.origins == std::vector<ForwardId>{forward(1, 7, 1)});
  CHECK(recovered.epochs ==
        std::vector<EpochStart>{{Epoch{1}, Zxid{1}}, {Epoch{2}, Zxid{3}}, {Epoch{3}, Zxid{4}}});
}

TEST_CASE("an empty log recovers to nothing") {
  const Recovered recovered = Recovery(HardState{}).take();
  CHECK(recovered.tail.empty());
  CHECK(recovered.delivered == Zxid{});
  CHECK_FALSE(recovered.founding);
}

}  // namespace muster::broadcast
