// A log that has no room, and one that stands still: who leads, who keeps clients, what is answered.
#include "tests/unit/node/cluster.h"

using namespace muster;
using namespace muster::test;

namespace {

void room(Cluster& cluster, int server, bool has_room) {
  cluster.node(server).disk_room(cluster.now(), has_room);
}

// "key value" of mntr, as anybody is told who asks.
std::string monitored(Cluster& cluster, int server, const std::string& key) {
  Client& client = cluster.open(server);
  cluster.send_bytes(client, "mntr");
  cluster.settle();
  const std::size_t at = client.raw.find("zk_" + key + "\t");
  if (at == std::string::npos) return "";
  const std::size_t value = client.raw.find('\t', at) + 1;
  return client.raw.substr(value, client.raw.find('\n', value) - value);
}

bool takes_a_client(Cluster& cluster, int server) {
  Client& client = cluster.open(server);
  cluster.send_bytes(client, client.frames.connect({}));
  cluster.settle();
  return !client.closed && client.frames.lines() == Lines{"session"};
}

int other_than(int a, int b) { return 6 - a - b; }

}  // namespace

TEST_CASE("a leader whose log has no room hands over and sends its clients to those who have some") {
  Cluster cluster(3);
  const int full = cluster.leader();
  Client& client = cluster.connect(full);
  cluster.ask(client, create("/a", "x"));
  for (int i = 0; i < 10; ++i) cluster.send(client, set("/a", std::to_string(i)));
  room(cluster, full, false);
  cluster.pass(500);
  const int leader = cluster.leader();
  CHECK(leader != full);
  CHECK(client.closed);
  const Lines answered = cluster.heard(client);
  CHECK(answered.back() == "11 ok version=10");  // all that it had taken

  CHECK_FALSE(takes_a_client(cluster, full));
  CHECK(monitored(cluster, full, "log_has_room") == "0");
  CHECK(monitored(cluster, full, "takes_writes") == "1");
  Client& again = cluster.connect(leader, Cluster::again(client));
  CHECK(cluster.ask(again, get("/a")) == Lines{"1 ok data=9"});
  CHECK(cluster.ask(again, set("/a", "y")) == Lines{"2 ok version=11"});
  CHECK(cluster.node(full).peer().last() < cluster.node(leader).peer().last());

  room(cluster, full, true);
  cluster.pass(200);
  CHECK(takes_a_client(cluster, full));
  CHECK(cluster.node(full).tree().digest() == cluster.node(leader).tree().digest());
}

TEST_CASE(
    "with no room anywhere, reads go on, writes are refused in their turn, and sessions begin and end") {
  Cluster cluster(3);
  const int leader = cluster.leader(), follower = cluster.follower();
  Client& a = cluster.connect(leader);
  Client& b = cluster.connect(follower);
  cluster.ask(a, create("/a", "x"));
  for (int server = 1; server <= 3; ++server) room(cluster, server, false);
  cluster.pass(1000);
  for (Client* client : {&a, &b}) {
    CHECK_FALSE(client->closed);
    cluster.heard(*client);
    cluster.send(*client, sync_of());
    cluster.send(*client, set("/a", "lost"));
    cluster.send(*client, get("/a"));
    const std::string xid = std::to_string(client->xid - 1);
    CHECK(cluster.heard(*client)[1] == xid + " error -7");
  }
  CHECK(cluster.ask(a, get("/a")).back().find("data=x") != std::string::npos);
  Client& fresh = cluster.connect(other_than(leader, follower));
  CHECK(cluster.ask(fresh, get("/a")) == Lines{"1 ok data=x"});
  cluster.ask(fresh, muster::wire::CloseSessionRequest{});
  CHECK(fresh.closed);
  CHECK(monitored(cluster, follower, "takes_writes") == "0");

  room(cluster, leader, true);
  room(cluster, follower, true);
  cluster.pass(1000);
  CHECK(cluster.ask(b, set("/a", "y")).back().find("version=1") != std::string::npos);
  CHECK_FALSE(a.closed);
  CHECK(monitored(cluster, follower, "takes_writes") == "1");
}

TEST_CASE("a server that is alone and has no room answers reads and refuses writes until it has some") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  cluster.ask(client, create("/a", "x"));
  room(cluster, 1, false);
  cluster.pass(100);
  CHECK(cluster.ask(client, get("/a")) == Lines{"2 ok data=x"});
  CHECK(cluster.ask(client, set("/a", "y")) == Lines{"3 error -7"});
  CHECK(cluster.ask(client, get("/a")) == Lines{"4 ok data=x"});
  room(cluster, 1, true);
  cluster.pass(100);
  CHECK(cluster.ask(client, set("/a", "y")) == Lines{"5 ok version=1"});
}

TEST_CASE("a follower whose log stands still closes its clients and takes none until it moves") {
  Cluster cluster(3);
  const int stuck = cluster.follower(), leader = cluster.leader();
  Client& client = cluster.connect(stuck);
  Client& writer = cluster.connect(leader);
  cluster.stuck_disks.insert(stuck);
  cluster.ask(writer, create("/a", "x"));
  cluster.pass(900);
  CHECK_FALSE(client.closed);
  cluster.pass(500);
  CHECK(client.closed);
  CHECK_FALSE(takes_a_client(cluster, stuck));
  CHECK(monitored(cluster, stuck, "log_moves") == "0");
  CHECK(cluster.leader() == leader);
  cluster.stuck_disks.erase(stuck);
  cluster.pass(200);
  CHECK(takes_a_client(cluster, stuck));
  CHECK(monitored(cluster, stuck, "log_moves") == "1");
}

TEST_CASE("a leader whose log stands still hands over, and only then closes its clients") {
  Cluster cluster(3);
  const int stuck = cluster.leader();
  Client& client = cluster.connect(stuck);
  cluster.stuck_disks.insert(stuck);
  CHECK(cluster.ask(client, create("/a", "x")) == Lines{"1 ok path=/a"});  // the others are a quorum
  for (int waited = 0; cluster.leader() == stuck; ++waited) {
    REQUIRE(waited < 100);
    CHECK_FALSE(client.closed);
    cluster.pass(tick_ms);
  }
  cluster.pass(500);
  CHECK(cluster.leader() != 0);
  CHECK(client.closed);
  cluster.stuck_disks.erase(stuck);
  cluster.pass(200);
  CHECK(takes_a_client(cluster, stuck));
}

TEST_CASE("when all logs stand still, clients stay and their writes wait") {
  Cluster cluster(3);
  const int leader = cluster.leader();
  Client& client = cluster.connect(leader);
  cluster.ask(client, create("/a", "x"));
  cluster.disks_work = false;
  CHECK(cluster.ask(client, set("/a", "y")).empty());
  cluster.pass(3000);
  CHECK(cluster.leader() == leader);
  CHECK_FALSE(client.closed);
  cluster.disks_work = true;
  CHECK(cluster.heard(client) == Lines{"2 ok version=1"});
}

TEST_CASE("what changes is told once, for the log of people") {
  Cluster cluster(1);
  std::vector<node::DiskNews> told;
  const auto tick = [&] {
    cluster.now_ms += tick_ms;
    cluster.node(1).tick(cluster.now());
    const node::Output out = cluster.node(1).take_output(cluster.now());
    if (out.disk) told.push_back(*out.disk);
  };
  for (const bool has_room : {false, true}) {
    room(cluster, 1, has_room);
    for (int i = 0; i < 10; ++i) tick();
  }
  using broadcast::Disk;
  CHECK(told == std::vector<node::DiskNews>{{Disk::full, false}, {Disk::well, true}});
}
