#include "server/broadcast/quorum.h"

#include <catch2/catch.hpp>

#include "tests/unit/broadcast/values.h"

namespace muster::broadcast {

TEST_CASE("any two quorums have a voter in common") {
  for (int n = 1; n <= 9; ++n) {
    const std::size_t quorum = quorum_size(voters(n));
    CHECK(2 * quorum > static_cast<std::size_t>(n));
    CHECK(2 * (quorum - 1) <= static_cast<std::size_t>(n));
  }
}

TEST_CASE("observers are members and no voters") {
  Membership membership = voters(3);
  membership.members.push_back(Member{ServerId{4}, false});
  CHECK(quorum_size(membership) == 2);
  CHECK(membership.contains(ServerId{4}));
  CHECK_FALSE(membership.is_voter(ServerId{4}));
  CHECK_FALSE(membership.contains(ServerId{5}));
}

TEST_CASE("what a quorum has reached is the quorum-th greatest") {
  std::vector<Zxid> values{Zxid{5}, Zxid{9}, Zxid{7}};
  CHECK(reached_by_quorum(values, 2) == Zxid{7});
  values = {Zxid{5}, Zxid{9}, Zxid{7}, Zxid{1}};
  CHECK(reached_by_quorum(values, 3) == Zxid{5});
  values = {Zxid{4}};
  CHECK(reached_by_quorum(values, 1) == Zxid{4});
  CHECK(reached_by_quorum(values, 2) == Zxid{});
}

}  // namespace muster::broadcast
