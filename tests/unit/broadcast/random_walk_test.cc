// Servers under random faults: whatever happens, all deliver the same and nothing twice; once all is healed,
// they go on.
#include <catch2/catch.hpp>
#include <string>

#include "common/random.h"
#include "tests/scenarios/cluster.h"

using muster::Random;
using muster::scenarios::Cluster;

namespace {

int any(Random& random, int servers) {
  return static_cast<int>(random.below(static_cast<std::uint64_t>(servers))) + 1;
}

void one_fault(Cluster& cluster, Random& random, int servers) {
  const int a = any(random, servers), b = any(random, servers);
  switch (random.below(22)) {
    case 0:
      if (a != b) cluster.cut(a, b);
      break;
    case 1:
      if (a != b) cluster.swallow(a, b);  // until all heals
      break;
    case 2:
      if (a != b) cluster.hold(a, b);
      break;
    case 3:
      cluster.release(a, b);
      break;
    case 4:
      if (cluster.up(a)) cluster.crash(a);
      break;
    case 14:
      if (a != b) cluster.repeat(a, b);
      break;
    case 15:
      if (a != b) cluster.drop(a, b);
      break;
    case 13:
      if (servers == 1 || !cluster.may_lose_disk(a)) break;
      if (cluster.up(a)) cluster.crash(a);
      cluster.wipe(a);
      break;
    case 5:
    case 6:
      cluster.start(a);
      break;
    case 7:
      cluster.hold_disk(a);
      break;
    case 8:
      cluster.release_disk(a);
      break;
    case 9:
      cluster.pause(a);
      break;
    case 10:
      cluster.resume(a);
      break;
    case 11:
      if (cluster.up(a)) cluster.transfer(a);
      break;
    case 12:
      cluster.heal();
      break;
    case 16:
      if (a != b) cluster.hold_state(a, b, true);
      break;
    case 17:
      cluster.hold_state(a, b, false);
      break;
    case 19:
      if (servers == 1 || !cluster.may_lose_disk(a)) break;
      if (cluster.up(a)) cluster.crash(a);
      random.chance(1, 2) ? cluster.lose_state(a) : cluster.damage_log(a);
      break;
    case 18:
      cluster.refuse_state(a, b);
      break;
    default:
      if (a != b) cluster.connect(a, b);
  }
}

void heal_all(Cluster& cluster, int servers) {
  cluster.heal();
  for (int id = 1; id <= servers; ++id) {
    cluster.release_disk(id);
    cluster.resume(id);
    cluster.start(id);
  }
  cluster.settle();
}

// Seeds that a failure prints can be put in the place of `first`.
void walk(std::uint64_t seed, int voters, int observers, int steps) {
  INFO("seed " << seed);
  Random random(seed);
  const int servers = voters + observers;
  Cluster cluster;
  cluster.add_servers(voters, observers);
  cluster.seed(seed);
  REQUIRE(cluster.configure("max_append_bytes", 300));
  REQUIRE(cluster.configure("max_window_bytes", random.chance(1, 2) ? 500 : 100000));
  REQUIRE(cluster.configure("max_uncommitted_bytes", 2000));
  const std::uint64_t checkpoints = random.below(4);
  for (int id = 1; id <= servers; ++id) cluster.start(id);
  if (random.chance(3, 4)) REQUIRE(cluster.until_leader(5000));
  for (int step = 0; step < steps; ++step) {
    if (random.chance(1, 4)) one_fault(cluster, random, servers);
    const int id = any(random, servers);
    if (cluster.up(id)) cluster.propose(id, "c" + std::to_string(step));
    if (cluster.up(id) && random.chance(1, 8)) cluster.barrier(id);
    if (cluster.up(id) && random.chance(checkpoints, 20)) cluster.checkpoint(id);
    if (random.chance(1, 2)) cluster.settle();
    cluster.tick(random.between(0, 12) * 10);
    if (cluster.violated()) {
      FAIL(cluster.take_text());
    }
  }
  heal_all(cluster, servers);
  const bool equal = cluster.until_all_deliver(20000);
  cluster.status();
  INFO(cluster.take_text());
  REQUIRE(equal);
  REQUIRE_FALSE(cluster.violated());
}

}  // namespace

TEST_CASE("three servers stay safe under random faults and go on when they end") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) walk(seed, 3, 0, 150);
}

TEST_CASE("five voters and an observer stay safe under random faults and go on when they end") {
  for (std::uint64_t seed = 1001; seed <= 1050; ++seed) walk(seed, 5, 1, 150);
}

TEST_CASE("a single server founds alone and survives its crashes") {
  for (std::uint64_t seed = 2001; seed <= 2010; ++seed) walk(seed, 1, 0, 150);
}
