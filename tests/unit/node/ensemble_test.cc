// Three servers: what a client does not notice, and what it must.
#include "tests/unit/node/cluster.h"

using namespace muster;
using namespace muster::test;
namespace wire = muster::wire;

TEST_CASE("a write through one server is read through another after sync") {
  Cluster cluster(3);
  Client& a = cluster.connect(1);
  Client& b = cluster.connect(2);
  CHECK(cluster.ask(a, create("/a", "x")) == Lines{"1 ok path=/a"});
  cluster.send(b, sync_of());
  cluster.send(b, get("/a"));
  CHECK(cluster.heard(b) == Lines{"1 ok path=/", "2 ok data=x"});
  CHECK((a.frames.session.session.value >> 56) == 1);
  CHECK((b.frames.session.session.value >> 56) == 2);
}

TEST_CASE("a change made through one server is told to those who watch on another") {
  Cluster cluster(3);
  Client& a = cluster.connect(1);
  Client& b = cluster.connect(2);
  cluster.ask(b, exists("/a", true));
  cluster.ask(a, create("/a"));
  CHECK(cluster.heard(b) == Lines{"event node_created /a"});
}

TEST_CASE(
    "a session that moves to another server leaves the old connection, whose late write has no effect") {
  Cluster cluster(3);
  const int old_server = cluster.follower();
  const int new_server = cluster.leader();
  Client& old = cluster.connect(old_server);
  cluster.ask(old, create("/a", "x"));
  // The old server does not hear of the move yet.
  cluster.paused.insert(old_server);
  Client& fresh = cluster.connect(new_server, Cluster::again(old));
  cluster.paused.erase(old_server);
  cluster.send(old, set("/a", "late"));
  CHECK(cluster.heard(old).empty());
  CHECK(old.closed);
  CHECK(cluster.ask(fresh, get("/a")) == Lines{"1 ok data=x"});
}

TEST_CASE(
    "a follower keeps its clients through an election; their reads go on, their writes wait and are applied "
    "once") {
  Cluster cluster(3);
  const int leader = cluster.leader();
  const int server = cluster.follower();
  Client& client = cluster.connect(server);
  cluster.ask(client, create("/a", "x"));
  cluster.ask(client, get("/a", true));
  cluster.send(client, wire::PingRequest{});
  cluster.crash(leader);
  CHECK(cluster.heard(client) == Lines{"-2 ok"});
  cluster.send(client, get("/a"));
  CHECK(cluster.heard(client) == Lines{"4 ok data=x"});
  for (int i = 0; i < 3; ++i) cluster.send(client, create("/n", "", wire::create_flags::sequential));
  cluster.send(client, get("/a"));
  CHECK(cluster.heard(client).empty());
  cluster.pass(3000);
  CHECK(cluster.leader() != 0);
  CHECK_FALSE(client.closed);
  CHECK(cluster.heard(client) ==
        Lines{"5 ok path=/n0000000001", "6 ok path=/n0000000002", "7 ok path=/n0000000003", "8 ok data=x"});
  CHECK(cluster.ask(client, set("/a", "y")) == Lines{"event node_data_changed /a", "9 ok version=1"});
}

TEST_CASE("a write on its way to a leader that dies is applied exactly once") {
  Cluster cluster(3);
  const int leader = cluster.leader();
  const int server = cluster.follower();
  Client& client = cluster.connect(server);
  cluster.ask(client, create("/c", "0"));
  for (int i = 0; i < 5; ++i) cluster.send(client, set("/c", std::to_string(i)));
  cluster.disks_work = false;
  cluster.settle();  // forwarded, logged nowhere for good
  cluster.crash(leader);
  cluster.disks_work = true;
  cluster.pass(3000);
  CHECK(cluster.heard(client) ==
        Lines{"2 ok version=1", "3 ok version=2", "4 ok version=3", "5 ok version=4", "6 ok version=5"});
}

TEST_CASE("a follower waits for what its client has seen elsewhere, by a barrier") {
  Cluster cluster(3);
  const int lagging = cluster.follower();
  Client& writer = cluster.connect(cluster.leader());
  cluster.paused.insert(lagging);
  cluster.ask(writer, create("/a", "x"));
  wire::ConnectRequest request;
  request.last_zxid_seen = writer.frames.zxids.back();
  CHECK(cluster.node(lagging).tree().applied() < request.last_zxid_seen);
  Client& client = cluster.open(lagging);
  cluster.send_bytes(client, client.frames.connect(request));
  cluster.send(client, get("/a"));
  cluster.paused.erase(lagging);
  CHECK(cluster.heard(client) == Lines{"session", "1 ok data=x"});
}

TEST_CASE("pings through a follower keep a session alive; without them the leader expires it") {
  Cluster cluster(3);
  Client& alive = cluster.connect(cluster.follower());
  Client& silent = cluster.connect(cluster.follower());
  cluster.ask(alive, create_ephemeral("/alive"));
  cluster.ask(silent, create_ephemeral("/silent"));
  for (int i = 0; i < 10; ++i) {
    cluster.pass(1300);
    cluster.ask(alive, wire::PingRequest{});
  }
  CHECK_FALSE(alive.closed);
  CHECK(silent.closed);
  CHECK(cluster.node(cluster.leader()).tree().stat("/alive"));
  CHECK_FALSE(cluster.node(cluster.leader()).tree().stat("/silent"));
}

TEST_CASE("a ping of one who has outcomes remembered is answered when the leader has counted it") {
  Cluster cluster(3);
  const int server = cluster.follower(), leader = cluster.leader();
  wire::ConnectRequest request;
  request.read_only = false;
  request.remember = 10;
  Client& client = cluster.connect(server, request);
  cluster.pass(1000);
  cluster.unlink(server, leader);
  cluster.send(client, wire::PingRequest{});
  cluster.send(client, wire::PingRequest{});
  cluster.send(client, get("/"));
  cluster.pass(200);
  CHECK(cluster.heard(client) == Lines{"3 ok data="});
  cluster.link(server, leader);
  cluster.pass(1100);
  CHECK(cluster.heard(client) == Lines{"-2 ok"});

  Client& at_leader = cluster.connect(cluster.leader(), request);
  cluster.send(at_leader, wire::PingRequest{});
  cluster.pass(100);
  CHECK(cluster.heard(at_leader) == Lines{"-2 ok"});
}

TEST_CASE("a leader that is cut off from a quorum vouches for nobody, neither here nor at a follower") {
  Cluster cluster(5);
  const int leader = cluster.leader(), server = cluster.follower();
  wire::ConnectRequest request;
  request.read_only = false;
  request.remember = 10;
  Client& here = cluster.connect(leader, request);
  Client& there = cluster.connect(server, request);
  cluster.send(there, wire::PingRequest{});
  while (cluster.heard(there).empty()) cluster.pass(tick_ms);
  cluster.pass(400);  // the follower's next report is due in 100
  for (int other = 1; other <= 5; ++other) {
    if (other == leader || other == server) continue;
    cluster.unlink(leader, other);
    cluster.unlink(server, other);
  }
  cluster.send(here, wire::PingRequest{});
  cluster.send(there, wire::PingRequest{});
  cluster.pass(150);
  REQUIRE(cluster.node(leader).peer().role().role == broadcast::Role::leading);
  CHECK(cluster.heard(here).empty());
  CHECK(cluster.heard(there).empty());
}

TEST_CASE("who follows nobody by now refuses the state that it is offered, so that nobody waits for it") {
  Cluster cluster(3);
  const int follower = cluster.follower(), other = 6 - cluster.leader() - follower;
  for (int server = 1; server <= 3; ++server)
    if (server != follower) cluster.unlink(follower, server);
  node::Node& node = cluster.node(follower);
  constexpr broadcast::LinkId link = 1000;
  node.peer_up(cluster.now(), ServerId{other}, link);
  node.peer_message(cluster.now(), ServerId{other}, link, node::StateOffer{7, "meta"});
  std::vector<node::PeerMessage> said;
  for (node::Output out = node.take_output(cluster.now()); !out.empty();
       out = node.take_output(cluster.now()))
    for (const node::PeerEnvelope& envelope : out.to_peers) said.push_back(envelope.message);
  CHECK(std::count(said.begin(), said.end(), node::PeerMessage(node::StateRefusal{7})) == 1);
}

TEST_CASE("a new leader gives every session a full time-out") {
  Cluster cluster(3);
  const int leader = cluster.leader();
  Client& client = cluster.connect(cluster.follower());
  cluster.pass(3500);
  cluster.crash(leader);
  cluster.pass(3500);
  CHECK(cluster.leader() != 0);
  CHECK_FALSE(client.closed);
  cluster.pass(5500);
  CHECK(client.closed);
}

TEST_CASE("a leader that is cut off expires nobody, not even later") {
  Cluster cluster(3);
  const int leader = cluster.leader();
  const int server = cluster.follower();
  Client& client = cluster.connect(server);
  cluster.ask(client, create_ephemeral("/e"));
  // The time-out (4 s and what reports may be late) ends while the old leader has lost the others and does
  // not know it yet.
  cluster.pass(4850);
  for (int other = 1; other <= 3; ++other)
    if (other != leader) cluster.unlink(leader, other);
  cluster.pass(300);
  cluster.ask(client, wire::PingRequest{});
  cluster.pass(2500);
  for (int other = 1; other <= 3; ++other)
    if (other != leader) cluster.link(leader, other);
  cluster.ask(client, wire::PingRequest{});
  cluster.pass(1000);
  CHECK_FALSE(client.closed);
  CHECK(cluster.node(server).tree().stat("/e"));
}

TEST_CASE(
    "a server cut off from every leader gives up the clients that it can't vouch for, not the quiet ones") {
  Cluster cluster(3);
  const int server = cluster.follower();
  Client& busy = cluster.connect(server);
  Client& quiet = cluster.connect(server);
  cluster.pass(1000);
  for (int other = 1; other <= 3; ++other)
    if (other != server) cluster.unlink(server, other);
  cluster.ask(busy, wire::PingRequest{});
  cluster.pass(1200);
  CHECK_FALSE(busy.closed);
  cluster.pass(300);
  CHECK(busy.closed);
  CHECK_FALSE(quiet.closed);
}

TEST_CASE("a new session waits for a leader as long as a handshake may take, then is turned away") {
  node::Limits limits;
  limits.handshake_ms = 5000;
  Cluster cluster(3, limits);
  const int leader = cluster.leader();
  const int server = cluster.follower();
  cluster.crash(leader);
  Client& patient = cluster.open(server);
  cluster.send_bytes(patient, patient.frames.connect({}));
  cluster.pass(3000);
  CHECK(cluster.heard(patient) == Lines{"session"});
  for (int other = 1; other <= 3; ++other)
    if (other != server && cluster.nodes.count(other)) cluster.crash(other);
  Client& hopeless = cluster.open(server);
  cluster.send_bytes(hopeless, hopeless.frames.connect({}));
  cluster.pass(4900);
  CHECK_FALSE(hopeless.closed);
  cluster.pass(200);
  CHECK(hopeless.closed);
}

TEST_CASE("writes that find no room wait in their connections, none is lost and none overtakes another") {
  Cluster cluster(3);
  const int server = cluster.follower();
  cluster.max_pending_bytes = 2000;
  cluster.crash(server);
  cluster.start(server);
  cluster.pass(1000);
  Client& a = cluster.connect(server);
  Client& b = cluster.connect(server);
  cluster.ask(a, create("/a"));
  cluster.ask(b, create("/b"));
  Lines of_a, of_b;
  cluster.disks_work = false;
  for (int i = 1; i <= 100; ++i) {
    cluster.send(a, set("/a", std::to_string(i)));
    cluster.send(b, set("/b", std::to_string(i)));
    of_a.push_back(std::to_string(i + 1) + " ok version=" + std::to_string(i));
    of_b.push_back(std::to_string(i + 1) + " ok version=" + std::to_string(i));
  }
  cluster.send(a, get("/a"));
  of_a.push_back("102 ok data=100");
  CHECK(cluster.node(server).status().outstanding < 100);
  Client& newcomer = cluster.open(server);
  cluster.send_bytes(newcomer, newcomer.frames.connect({}));
  cluster.disks_work = true;
  CHECK(cluster.heard(a) == of_a);
  CHECK(cluster.heard(b) == of_b);
  CHECK(cluster.heard(newcomer) == Lines{"session"});
}

TEST_CASE("a handed over leadership is not noticed") {
  Cluster cluster(3);
  const int leader = cluster.leader();
  Client& client = cluster.connect(leader);
  cluster.ask(client, create("/a", "x"));
  cluster.node(leader).transfer(cluster.now());
  cluster.send(client, set("/a", "y"));
  cluster.pass(1000);
  CHECK(cluster.leader() != leader);
  CHECK(cluster.leader() != 0);
  CHECK(cluster.heard(client) == Lines{"2 ok version=1"});
  CHECK_FALSE(client.closed);
}

TEST_CASE("all servers hold the same tree") {
  Cluster cluster(3);
  Client& a = cluster.connect(1);
  Client& b = cluster.connect(3);
  for (int i = 0; i < 20; ++i) {
    cluster.send(a, create("/a", "", wire::create_flags::ephemeral_sequential));
    cluster.send(b, create("/b" + std::to_string(i)));
  }
  cluster.send(a, wire::CloseSessionRequest{});
  cluster.pass(200);
  CHECK(a.closed);
  CHECK(cluster.node(1).tree().digest() == cluster.node(2).tree().digest());
  CHECK(cluster.node(1).tree().digest() == cluster.node(3).tree().digest());
  CHECK(cluster.node(1).tree().digest() == cluster.node(1).tree().recompute_digest());
}
