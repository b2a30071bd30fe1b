// A server whose state is another than the others': what it and they do.
#include <catch2/catch.hpp>

#include "tests/support/wrong_state.h"
#include "tests/unit/node/cluster.h"

using namespace muster;
using namespace muster::test;
namespace wire = muster::wire;

namespace {

// Servers that have made a checkpoint each.
struct Ensemble : Cluster {
  explicit Ensemble(int servers) : Cluster(servers, {}, soon()) {
    Client& client = connect(1);
    for (int i = 0; i < 20; ++i) ask(client, create("/n" + std::to_string(i)));
    close(client);
    pass(1000);
  }
  static node::CheckpointLimits soon() {
    node::CheckpointLimits limits;
    limits.entries = 10;
    return limits;
  }
  // It starts with another state, and has heard nobody yet.
  void start_wrong(int id) {
    crash(id);
    REQUIRE(storage::make_wrong(stores[id]));
    start(id);
    settle();
  }
  [[nodiscard]] std::string mode(int id) {
    Client& client = open(id);
    send_bytes(client, "mntr");
    settle();
    const std::string key = "zk_server_state\t";
    const auto at = client.raw.find(key);
    return at == std::string::npos
               ? ""
               : client.raw.substr(at + key.size(), client.raw.find('\n', at) - at - key.size());
  }
};

}  // namespace

TEST_CASE("a server whose state a majority contradicts says nothing more and is to start again without it") {
  Ensemble ensemble(3);
  const int wrong = GENERATE(as<int>{}, 1, 2, 3);
  ensemble.start_wrong(wrong);
  Client& client = ensemble.open(wrong);
  ensemble.pass(3000);
  REQUIRE(ensemble.told_to_start_again.size() == 1);
  CHECK(ensemble.told_to_start_again.at(wrong) == ensemble.node(wrong).status().applied);
  ensemble.send_bytes(client, "mntr");
  CHECK(ensemble.node(wrong).take_output(ensemble.now()).empty());
  ensemble.crash(wrong);
  ensemble.pass(3000);
  CHECK(ensemble.leader() != 0);
  CHECK_FALSE(ensemble.mode(ensemble.leader()).empty());
}

TEST_CASE("where nobody has a majority nobody serves, and the clients are closed") {
  Ensemble ensemble(2);
  ensemble.start_wrong(2);
  Client& client = ensemble.connect(1);
  ensemble.pass(3000);
  CHECK(ensemble.told_to_start_again.empty());
  CHECK(client.closed);
  CHECK(ensemble.mode(1).empty());
  CHECK(ensemble.mode(2).empty());
  Client& late = ensemble.open(2);
  ensemble.send_bytes(late, late.frames.connect({}));
  ensemble.pass(1000);
  CHECK(late.closed);
  CHECK(late.raw.empty());
}

TEST_CASE("a third server settles who is right, and they serve again") {
  Ensemble ensemble(3);
  ensemble.crash(3);
  ensemble.start_wrong(2);
  ensemble.pass(6000);
  CHECK(ensemble.mode(1).empty());
  CHECK(ensemble.mode(2).empty());
  ensemble.start(3);
  ensemble.pass(3000);
  CHECK(ensemble.told_to_start_again.count(2) == 1);
  ensemble.crash(2);
  ensemble.pass(3000);
  CHECK_FALSE(ensemble.mode(1).empty());
  CHECK_FALSE(ensemble.mode(3).empty());
}

TEST_CASE("the log below a checkpoint stays until a majority has confirmed the checkpoint") {
  Ensemble ensemble(3);
  const bool wrong = GENERATE(false, true);
  ensemble.crash(3);
  if (wrong) ensemble.start_wrong(2);
  ensemble.pass(100);
  const Zxid floor = ensemble.node(1).peer().floor(), checkpoint = ensemble.node(1).status().checkpoint;
  Client& client = ensemble.connect(1);
  for (int i = 0; i < 50; ++i) ensemble.ask(client, create("/m" + std::to_string(i)));
  ensemble.pass(3000);
  CHECK(ensemble.node(1).status().checkpoint > checkpoint);
  CHECK((ensemble.node(1).peer().floor() > floor) == !wrong);
}

TEST_CASE("servers that agree know up to where") {
  Ensemble ensemble(3);
  for (int id = 1; id <= 3; ++id) {
    Client& client = ensemble.open(id);
    ensemble.send_bytes(client, "mntr");
    ensemble.settle();
    const std::string applied = std::to_string(ensemble.node(id).status().applied.value);
    CHECK_THAT(client.raw, Catch::Contains("zk_last_confirmed_digest_zxid\t" + applied + "\n"));
  }
}
