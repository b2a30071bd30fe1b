// A state that a client takes away: who may, what it holds, and what ends it.
#include <catch2/catch.hpp>

#include "server/tree/checkpoint_source.h"
#include "tests/unit/node/cluster.h"

using namespace muster;
using namespace muster::test;
namespace wire = muster::wire;

namespace {

const wire::BackupBeginRequest begin;
constexpr wire::BackupNextRequest next{1000};

struct Ensemble : Cluster {
  explicit Ensemble(int servers) : Cluster(servers) {
    super_digest = *digest_id("super:secret").id;
    for (int id = 1; id <= servers; ++id) {  // with the super user
      crash(id);
      start(id);
    }
    pass(4000);
  }
  Client& super(int server) {
    Client& client = connect(server);
    ask(client, wire::AuthRequest{0, "digest", "super:secret"});
    return client;
  }
  // Reads the client's view to its end.
  tree::Tree rest_of(Client& client) {
    tree::TreeLoader loader;
    for (;;) {
      REQUIRE(ask(client, next).size() == 1);
      const std::vector<std::string>& records = client.frames.records;
      for (std::size_t i = 0; i < records.size(); i += 2) REQUIRE(loader.add({records[i], records[i + 1]}));
      if (records.empty()) return loader.take(client.frames.begun.zxid);
    }
  }
};

}  // namespace

TEST_CASE("only the super user takes a state away") {
  Ensemble ensemble(1);
  Client& client = ensemble.connect(1);
  CHECK(ensemble.ask(client, begin) == Lines{"1 error -102"});
  CHECK(ensemble.ask(client, next) == Lines{"2 error -102"});
  CHECK_FALSE(client.closed);
}

TEST_CASE(
    "it is the state at one zxid, with all that was acknowledged before, whatever is written meanwhile") {
  Ensemble ensemble(3);
  const int server = GENERATE(as<int>{}, 1, 2, 3);
  Client& writer = ensemble.connect(1);
  Client& client = ensemble.super(server);
  for (int round = 0; round < 2; ++round) {  // the second from a newer checkpoint
    const std::string path = "/n" + std::to_string(round);
    for (int i = 0; i < 20; ++i) ensemble.ask(writer, create(path + "-" + std::to_string(i), "before"));
    ensemble.send(client, begin);
    ensemble.pass(1000);
    CHECK(client.frames.lines().size() == 1);
    CHECK(client.frames.begun.znodes >= 24);
    ensemble.ask(writer, set(path + "-7", "after"));
    const tree::Tree state = ensemble.rest_of(client);
    CHECK(state.digest() == client.frames.begun.digest);
    CHECK(state.data(path + "-7")->data == "before");
    CHECK(state.stat(path + "-19"));
  }
}

TEST_CASE("without a change since the last checkpoint no other one is made") {
  Ensemble ensemble(1);
  Client& client = ensemble.super(1);
  ensemble.ask(client, begin);
  const Zxid first = client.frames.begun.zxid;
  ensemble.ask(client, begin);
  CHECK(client.frames.begun.zxid == first);
}

TEST_CASE("there are only so many views, and they go with their connections") {
  Ensemble ensemble(1);
  Client& one = ensemble.super(1);
  Client& two = ensemble.super(1);
  Client& three = ensemble.super(1);
  CHECK(ensemble.ask(one, begin) == Lines{"2 ok view"});
  CHECK(ensemble.ask(two, begin) == Lines{"2 ok view"});
  CHECK(ensemble.ask(three, begin) == Lines{"2 error -127"});
  CHECK(ensemble.ask(three, next) == Lines{"3 error -8"});
  CHECK(ensemble.ask(one, begin) == Lines{"3 ok view"});
  ensemble.close(two);
  CHECK(ensemble.ask(three, begin) == Lines{"4 ok view"});
  CHECK(ensemble.ask(three, next) == Lines{"5 ok records"});
}

TEST_CASE("answers keep their order, and what is asked out of turn is refused") {
  Ensemble ensemble(1);
  Client& client = ensemble.super(1);
  ensemble.send(client, begin);
  ensemble.send(client, next);
  ensemble.send(client, create("/a"));
  ensemble.pass(1000);
  CHECK(client.frames.lines() == Lines{"2 ok view", "3 error -8", "4 ok path=/a"});
  CHECK(ensemble.ask(client, wire::BackupNextRequest{0}) == Lines{"5 error -8"});
}
