// When a checkpoint is made, of what, in which order with the log, and what a start makes of it.
#include "server/node/checkpoint.h"
#include "tests/unit/node/cluster.h"

using namespace muster;
using namespace muster::test;
namespace wire = muster::wire;

namespace {

node::CheckpointLimits every(std::size_t entries) {
  node::CheckpointLimits limits;
  limits.entries = entries;
  return limits;
}

// One server that makes a checkpoint after every 10 entries.
struct Alone : Cluster {
  explicit Alone(std::size_t entries = 10) : Cluster(1, {}, every(entries)), client(connect(1)) {}
  // So many more entries.
  void grow(int count) {
    for (int i = 0; i < count; ++i) ask(client, create("/n" + std::to_string(++written)));
  }
  [[nodiscard]] Zxid checkpoint_at() { return node(1).status().checkpoint; }
  [[nodiscard]] Zxid applied() { return node(1).status().applied; }
  // The process dies and starts again.
  void restart() {
    crash(1);
    start(1);
    pass(2000);
  }

  Client& client;
  int written = 0;
};

node::Meta some_meta() {
  node::Meta meta;
  meta.number = 3;
  meta.digest = 0x123456789abcdef0U;
  broadcast::Base& base = meta.base;
  base.zxid = Zxid{77};
  base.epoch = Epoch{5};
  base.membership.members = {{ServerId{1}, true}, {ServerId{2}, false}};
  base.membership_set = Zxid{9};
  base.founding = {"cluster", "secret", base.membership};
  base.origins = {{ServerId{1}, 11, 5}, {ServerId{2}, 12, 6}};
  base.epochs = {{Epoch{1}, Zxid{1}}, {Epoch{5}, Zxid{70}}};
  return meta;
}

bool refused(const node::Meta& meta) { return node::decode_meta(node::encode(meta)).has_error(); }

}  // namespace

TEST_CASE("what a checkpoint is of comes back from its bytes") {
  const auto back = node::decode_meta(encode(some_meta()));
  REQUIRE(back.has_value());
  CHECK(*back == some_meta());
}

TEST_CASE("what a checkpoint can't be of is refused") {
  CHECK_FALSE(refused(some_meta()));
  CHECK(node::decode_meta("nonsense").has_error());
  CHECK(node::decode_meta("").has_error());
  const auto with = [](auto change) {
    node::Meta meta = some_meta();
    change(meta);
    return refused(meta);
  };
  CHECK(with([](node::Meta& meta) { meta.number = 0; }));
  CHECK(with([](node::Meta& meta) { meta.base.zxid = Zxid{0}; }));
  CHECK(with([](node::Meta& meta) { meta.base.epoch = Epoch{6}; }));
  CHECK(with([](node::Meta& meta) { meta.base.founding.cluster_id.clear(); }));
  CHECK(with([](node::Meta& meta) { meta.base.membership.members.clear(); }));
  CHECK(with([](node::Meta& meta) { meta.base.epochs.clear(); }));
  CHECK(with([](node::Meta& meta) { meta.base.epochs[1].first = Zxid{78}; }));
  CHECK(with([](node::Meta& meta) { std::swap(meta.base.epochs[0], meta.base.epochs[1]); }));
  CHECK(with([](node::Meta& meta) { std::swap(meta.base.origins[0], meta.base.origins[1]); }));
}

TEST_CASE("a checkpoint is made when the log has grown enough, and again") {
  Alone server(10);
  server.grow(5);
  CHECK(server.checkpoint_at() == Zxid{});
  server.grow(10);
  const Zxid first = server.checkpoint_at();
  CHECK(first >= Zxid{10});
  server.grow(9);
  const Zxid second = server.checkpoint_at();
  server.grow(10);
  CHECK(second > first);
  CHECK(server.checkpoint_at() > second);
  const auto loaded = server.load(1);
  CHECK(loaded->meta.number == 3);
  CHECK(loaded->meta.base.zxid == server.checkpoint_at());
  CHECK(loaded->tree.recompute_digest() == loaded->meta.digest);
}

TEST_CASE("a checkpoint is due after so many bytes too") {
  node::CheckpointLimits limits;
  limits.bytes = 50'000;
  Cluster server(1, {}, limits);
  Client& client = server.connect(1);
  for (int i = 0; i < 4; ++i) server.ask(client, create("/n" + std::to_string(i), std::string(10'000, 'x')));
  CHECK(server.node(1).status().checkpoint == Zxid{});
  for (int i = 4; i < 6; ++i) server.ask(client, create("/n" + std::to_string(i), std::string(10'000, 'x')));
  CHECK(server.node(1).status().checkpoint > Zxid{});
}

TEST_CASE("after an opening and after each checkpoint the store is cleaned before anything is put") {
  Alone server(10);
  server.grow(30);
  const auto& steps = server.store_steps[1];
  REQUIRE(steps.size() > 5);
  CHECK(steps.front() == "clean");
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i] == "put") CHECK(steps[i - 1] != "publish");
    if (steps[i] == "publish") CHECK(steps[i - 1] == "put");
    if (steps[i - 1] == "publish") CHECK(steps[i] == "clean");
  }
}

TEST_CASE("a start takes the checkpoint and replays what of the log is above it") {
  Alone server(10);
  server.grow(25);
  const auto digest = server.node(1).status().digest;
  const Zxid checkpoint = server.checkpoint_at(), applied = server.applied();
  REQUIRE(checkpoint < applied);
  // Nothing below the checkpoint is read.
  for (auto& entry : server.disks[1].log)
    if (entry.zxid <= checkpoint) entry.payload = SharedBytes("not read");
  server.restart();
  CHECK(server.checkpoint_at() >= checkpoint);
  CHECK(server.node(1).status().digest == digest);
  CHECK(server.node(1).tree().recompute_digest() == digest);
  CHECK(server.node(1).peer().founding().has_value());
  // Sessions and writes go on.
  Client& again = server.connect(1, Cluster::again(server.client));
  CHECK(server.ask(again, exists("/n25")).back().find("ok") != std::string::npos);
  CHECK(server.ask(again, create("/later")) == Lines{"2 ok path=/later"});
}

TEST_CASE("a start with a checkpoint at the end of the log goes on") {
  Alone server(10);
  while (server.checkpoint_at() != server.applied() || server.checkpoint_at() == Zxid{}) server.grow(1);
  const auto digest = server.node(1).status().digest;
  server.disks[1].mark = Zxid{3};  // a mark that lags: what a checkpoint holds was committed all the same
  server.crash(1);
  server.start(1);
  CHECK(server.node(1).status().applied == server.checkpoint_at());
  CHECK(server.node(1).status().digest == digest);
  server.pass(2000);
  Client& client = server.connect(1);
  CHECK(server.ask(client, create("/later")) == Lines{"1 ok path=/later"});
}

TEST_CASE("a checkpoint in the making goes on while writes come, and holds none of them") {
  Alone server(10);
  server.stores_work = false;
  while (server.applied() < Zxid{16}) server.grow(1);
  CHECK(server.checkpoint_at() == Zxid{});
  server.stores_work = true;
  server.settle();
  CHECK(server.checkpoint_at() == Zxid{10});
  CHECK(server.load(1)->tree.applied() == Zxid{10});
}

TEST_CASE("a checkpoint is not published before this server's log is durable up to it") {
  Cluster cluster(3, {}, every(40));
  Client& client = cluster.connect(cluster.leader());
  // A follower whose disk does not answer applies what the others committed.
  const int slow = cluster.follower();
  cluster.stuck_disks.insert(slow);
  for (int i = 0; i < 60; ++i) cluster.ask(client, create("/n" + std::to_string(i)));
  cluster.pass(200);
  REQUIRE(cluster.node(slow).status().applied > Zxid{60});
  CHECK(cluster.node(slow).status().checkpoint == Zxid{});
  CHECK(cluster.node(cluster.leader()).status().checkpoint > Zxid{});
  cluster.stuck_disks.clear();
  cluster.pass(200);
  CHECK(cluster.node(slow).status().checkpoint > Zxid{});
}

TEST_CASE("servers that start together make their checkpoints one after the other") {
  Cluster cluster(3, {}, every(90));
  Client& client = cluster.connect(1);
  std::map<int, int> first;
  for (int i = 0; i < 120; ++i) {
    cluster.ask(client, create("/n" + std::to_string(i)));
    cluster.pass(25);
    for (int id = 1; id <= 3; ++id)
      if (cluster.node(id).status().checkpoint > Zxid{}) first.emplace(id, i);
  }
  REQUIRE(first.size() == 3);
  CHECK(first[3] + 10 < first[2]);
  CHECK(first[2] + 10 < first[1]);
}

TEST_CASE("without room on the disk the checkpoint is made later, as a whole") {
  Alone server(10);
  server.stores_have_room = false;
  server.grow(25);
  CHECK(server.checkpoint_at() == Zxid{});
  server.stores_have_room = true;
  server.pass(server.checkpoint.retry_ms + 100);
  REQUIRE(server.checkpoint_at() == server.applied());
  CHECK(server.load(1)->tree.digest() == server.node(1).status().digest);
}

TEST_CASE("a checkpoint for which too much would have to be kept is given up and made anew") {
  node::CheckpointLimits limits = every(10);
  limits.max_kept_bytes = 1000;
  limits.part_bytes = 100;
  Cluster server(1, {}, limits);
  Client& client = server.connect(1);
  for (int i = 0; i < 5; ++i) server.ask(client, create("/n" + std::to_string(i), std::string(600, 'x')));
  server.stores_work = false;
  // Two rounds: the first begins the checkpoint (one part is handed out), the second changes what has not had its turn.
  for (int i = 0; i < 60; ++i) server.ask(client, set("/n" + std::to_string(i % 5), std::string(600, 'y')));
  server.stores_work = true;
  server.pass(limits.retry_ms + 1000);
  server.settle();
  REQUIRE(server.node(1).status().checkpoint > Zxid{});
  server.ask(client, create("/end"));
  for (int i = 0; i < 12; ++i) server.ask(client, set("/end", "x"));
  CHECK(server.load(1)->tree.recompute_digest() == server.load(1)->meta.digest);
}

TEST_CASE("a store that holds something else is noticed") {
  Alone server(10);
  server.grow(25);
  REQUIRE(server.stores[1].current());
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    storage::MemoryStore damaged = server.stores[1];
    REQUIRE(damaged.damage(Random(seed)));
    const auto view = damaged.view();
    CHECK(node::load_checkpoint(view->meta(), [&view] { return view->read(100); }).has_error());
  }
}
