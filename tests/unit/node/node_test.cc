// One server: what it promises to a session.
#include "server/node/node.h"

#include "common/mutant.h"
#include "server/frontend/password.h"
#include "tests/unit/node/cluster.h"

using namespace muster;
using namespace muster::test;
namespace wire = muster::wire;

namespace {

struct With {
  explicit With(Mutant mutant) { active_mutant = mutant; }
  ~With() { active_mutant = Mutant::none; }
};

}  // namespace

TEST_CASE("a session's requests take effect in the order sent, reads between its writes included") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  for (const wire::Request& request : std::vector<wire::Request>{
           create("/a", "1"), get("/a"), set("/a", "2"), get("/a"), set("/a", "3"), sync_of("/a"), get("/a"),
           set("/none", ""), exists("/none"), set("/a", "4"), get("/a")})
    cluster.send(client, request);
  CHECK(cluster.heard(client) == Lines{"1 ok path=/a", "2 ok data=1", "3 ok version=1", "4 ok data=2",
                                       "5 ok version=2", "6 ok path=/a", "7 ok data=3", "8 error -101",
                                       "9 error -101", "10 ok version=3", "11 ok data=4"});
  CHECK(std::is_sorted(client.frames.zxids.begin(), client.frames.zxids.end()));
}

TEST_CASE("a session is what the handshake says it is") {
  Cluster cluster(1);
  wire::ConnectRequest request;
  request.timeout_ms = 10000;
  Client& client = cluster.connect(1, request);
  const wire::ConnectReply& session = client.frames.session;
  CHECK(session.timeout_ms == 10000);
  CHECK((session.session.value >> 56) == 1);
  CHECK(session.password ==
        frontend::password_of(cluster.node(1).peer().founding()->secret, session.session));
  CHECK(cluster.node(1).status().sessions == 1);
  CHECK(cluster.node(1).tree().session(session.session)->timeout_ms == 10000);
}

TEST_CASE("an event comes before the reply of the write that caused it, with that write's zxid") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  cluster.ask(client, create("/a"));
  cluster.ask(client, get("/a", true));
  CHECK(cluster.ask(client, set("/a", "x")) == Lines{"event node_data_changed /a", "3 ok version=1"});
  const auto& zxids = client.frames.zxids;
  CHECK(zxids[zxids.size() - 1] == zxids[zxids.size() - 2]);
}

TEST_CASE("an event comes before any reply that shows its change") {
  Cluster cluster(1);
  Client& watcher = cluster.connect(1);
  Client& writer = cluster.connect(1);
  cluster.ask(writer, create("/a"));
  cluster.ask(watcher, get("/a", true));
  // All in one batch: the watcher's read waits behind its own write, which comes after the change.
  cluster.disks_work = false;
  cluster.send(writer, set("/a", "x"));
  cluster.send(watcher, create("/w"));
  cluster.send(watcher, get("/a"));
  cluster.settle();
  cluster.disks_work = true;
  CHECK(cluster.heard(watcher) == Lines{"event node_data_changed /a", "2 ok path=/w", "3 ok data=x"});
}

TEST_CASE("a read sees none of its session's later writes, though they are applied in the same batch") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  cluster.ask(client, create("/a", "0"));
  cluster.disks_work = false;
  for (int i = 1; i <= 3; ++i) {
    cluster.send(client, set("/a", std::to_string(i)));
    cluster.send(client, get("/a"));
  }
  cluster.settle();
  cluster.disks_work = true;
  CHECK(cluster.heard(client) == Lines{"2 ok version=1", "3 ok data=1", "4 ok version=2", "5 ok data=2",
                                       "6 ok version=3", "7 ok data=3"});
}

TEST_CASE("who may not read a node does not hear of it, and its watch is used up") {
  Cluster cluster(1);
  Client& owner = cluster.connect(1);
  Client& other = cluster.connect(1);
  cluster.ask(owner, wire::AuthRequest{0, "digest", "u:p"});
  wire::CreateRequest request = create("/a");
  request.acl = std::vector<Acl>{{perm::all, {"auth", ""}}};
  cluster.ask(owner, request);
  CHECK(cluster.ask(other, wire::AddWatchRequest{"/a", 0}) == Lines{"1 ok code=0"});
  CHECK(cluster.ask(owner, get("/a", true)) == Lines{"3 ok data="});
  CHECK(cluster.ask(owner, set("/a", "x")) == Lines{"event node_data_changed /a", "4 ok version=1"});
  CHECK(cluster.heard(other).empty());
}

TEST_CASE("CloseSession removes the ephemerals, tells those who watch, and ends the connection") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  Client& watcher = cluster.connect(1);
  cluster.ask(client, create_ephemeral("/e"));
  cluster.ask(watcher, exists("/e", true));
  cluster.send(client, wire::CloseSessionRequest{});
  cluster.send(client, exists("/"));
  CHECK(cluster.heard(client) == Lines{"2 ok"});
  CHECK(client.closed);
  CHECK(cluster.heard(watcher) == Lines{"event node_deleted /e"});
  CHECK_FALSE(cluster.node(1).tree().stat("/e"));
  cluster.connect(1, Cluster::again(client), {"refused"});
}

TEST_CASE("a wrong password and an unknown session are refused alike") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  wire::ConnectRequest request = Cluster::again(client);
  request.password[3] = static_cast<char>(request.password[3] ^ 1);
  Client& wrong = cluster.connect(1, request, {"refused"});
  CHECK(wrong.closed);
  CHECK(wrong.frames.session ==
        wire::ConnectReply{0, 0, SessionId{}, std::string(16, '\0'), false, std::nullopt});
  CHECK_FALSE(client.closed);

  request.session = SessionId{0x0100000000123456};
  request.password = frontend::password_of(cluster.node(1).peer().founding()->secret, request.session);
  CHECK(cluster.connect(1, request, {"refused"}).closed);
  CHECK(cluster.ask(client, exists("/")) == Lines{"1 ok version=0"});
}

TEST_CASE(
    "a session that comes back on another connection leaves the old one, which is closed without a word") {
  Cluster cluster(1);
  Client& old = cluster.connect(1);
  cluster.ask(old, create_ephemeral("/e"));
  Client& fresh = cluster.connect(1, Cluster::again(old));
  CHECK(old.closed);
  CHECK(cluster.heard(old).empty());
  CHECK(fresh.frames.session.session == old.frames.session.session);
  CHECK(fresh.frames.session.password == old.frames.session.password);
  CHECK(cluster.ask(fresh, wire::GetEphemeralsRequest{}) == Lines{"1 ok paths=/e"});
  CHECK(cluster.node(1).status().connections == 1);
}

TEST_CASE("a silent session expires: its ephemerals go, its connection is closed without a word") {
  Cluster cluster(1);
  Client& silent = cluster.connect(1);
  Client& alive = cluster.connect(1);
  cluster.ask(silent, create_ephemeral("/e"));
  cluster.ask(alive, exists("/e", true));
  for (int i = 0; i < 3; ++i) {
    cluster.pass(1300);
    CHECK(cluster.ask(alive, wire::PingRequest{}) == Lines{"-2 ok"});
  }
  CHECK_FALSE(silent.closed);
  cluster.pass(1300);
  CHECK(silent.closed);
  CHECK(cluster.heard(silent).empty());
  CHECK(cluster.heard(alive) == Lines{"event node_deleted /e"});
  CHECK_FALSE(alive.closed);
  CHECK(cluster.node(1).status().sessions == 1);
  cluster.connect(1, Cluster::again(silent), {"refused"});
}

TEST_CASE("a pause of the machine expires nobody") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  cluster.now_ms += 600000;
  cluster.pass(3000);
  CHECK_FALSE(client.closed);
}

TEST_CASE("a client that has seen more than any server is turned away without a word") {
  Cluster cluster(1);
  wire::ConnectRequest request;
  request.last_zxid_seen = Zxid{1000000};
  CHECK(cluster.connect(1, request, {}).closed);
  request.last_zxid_seen = cluster.node(1).tree().applied();
  CHECK_FALSE(cluster.connect(1, request).closed);
}

TEST_CASE("a connection without a session is closed after a while") {
  node::Limits limits;
  limits.handshake_ms = 1000;
  Cluster cluster(1, limits);
  Client& idle = cluster.open(1);
  Client& open = cluster.connect(1);
  cluster.pass(900);
  CHECK_FALSE(idle.closed);
  cluster.pass(200);
  CHECK(idle.closed);
  CHECK_FALSE(open.closed);
}

TEST_CASE("connections are limited, in all and for each address") {
  node::Limits limits;
  limits.max_connections = 3;
  limits.max_connections_per_address = 2;
  Cluster cluster(1, limits);
  Client& a = cluster.open(1, "10.0.0.1");
  Client& b = cluster.open(1, "10.0.0.1");
  Client& c = cluster.open(1, "10.0.0.1");
  Client& d = cluster.open(1, "10.0.0.2");
  Client& e = cluster.open(1, "10.0.0.3");
  cluster.settle();
  CHECK((!a.closed && !b.closed && c.closed && !d.closed && e.closed));
  cluster.close(a);
  Client& f = cluster.open(1, "10.0.0.1");
  cluster.settle();
  CHECK_FALSE(f.closed);
}

TEST_CASE("sessions are limited; one that exists may come back") {
  node::Limits limits;
  limits.max_sessions = 1;
  Cluster cluster(1, limits);
  Client& first = cluster.connect(1);
  CHECK(cluster.connect(1, {}, {}).closed);
  CHECK_FALSE(cluster.connect(1, Cluster::again(first)).closed);
}

TEST_CASE("too many watches and too slow a reader end the connection") {
  node::Limits limits;
  limits.max_watches_per_connection = 3;
  limits.max_output_bytes = 1000;
  Cluster cluster(1, limits);
  Client& watcher = cluster.connect(1);
  Client& slow = cluster.connect(1);
  for (int i = 0; i < 3; ++i) cluster.ask(watcher, exists("/" + std::to_string(i), true));
  CHECK_FALSE(watcher.closed);
  cluster.ask(watcher, exists("/3", true));
  CHECK(watcher.closed);
  CHECK(cluster.node(1).status().watches == 0);

  cluster.node(1).client_backlog(cluster.now(), slow.id, 700);
  CHECK(cluster.ask(slow, exists("/")).empty());  // waits
  CHECK_FALSE(slow.closed);
  cluster.node(1).client_backlog(cluster.now(), slow.id, 0);
  CHECK(cluster.heard(slow) == Lines{"1 ok version=0"});
  cluster.node(1).client_backlog(cluster.now(), slow.id, 1001);
  cluster.settle();
  CHECK(slow.closed);
}

TEST_CASE("four-letter words are answered and the connection closed") {
  Cluster cluster(1);
  Client& client = cluster.open(1);
  cluster.send_bytes(client, "ruok");
  cluster.settle();
  CHECK(client.raw == "imok");
  CHECK(client.closed);
  Client& srvr = cluster.open(1);
  cluster.send_bytes(srvr, "srvr");
  cluster.settle();
  CHECK(srvr.raw.find("\nMode: standalone\n") != std::string::npos);
}

TEST_CASE(
    "words tell what is: sessions, ephemerals, watches, connections; crst and srst forget what was counted") {
  Cluster cluster(1);
  const auto ask = [&](const std::string& word) {
    Client& client = cluster.open(1);
    cluster.send_bytes(client, word);
    cluster.settle();
    CHECK(client.closed);
    return client.raw;
  };
  const auto has = [&](const std::string& word, const std::string& text) {
    const std::string answer = ask(word);
    INFO(word << " is\n" << answer);
    return answer.find(text) != std::string::npos;
  };
  Client& client = cluster.connect(1);
  cluster.ask(client, create_ephemeral("/e"));
  cluster.ask(client, get("/e", true));
  cluster.ask(client, children("/", true));
  cluster.ask(client, sync_of("/e"));
  CHECK(has("mntr", "zk_ephemerals_count\t1\n"));
  CHECK(has("mntr", "zk_watch_count\t2\n"));
  CHECK(has("mntr", "zk_global_sessions\t1\n"));
  CHECK(has("wchs", "1 connections watching 1 paths\nTotal watches:1\n"));
  CHECK(has("wchp", "/e\n\t0x1"));
  CHECK(has("dump", "Session Sets (1)/(1):\n1 expire at Tue Nov 14 22:13:"));
  CHECK(has("dump", "Sessions with Ephemerals (1):\n"));
  CHECK(has("dump", "\n\t/e\n"));
  CHECK(has("dump", "/(2):\n"));  // the asker's own connection is the second
  CHECK(has("cons", " /127.0.0.1:0[1](queued=0,recved=5,sent=5,sid=0x1"));
  CHECK(has("cons", ",lop=SYNC,"));
  CHECK(has("cons", ",lcxid=0x4,"));
  CHECK(has("cons", "[0](queued=0,recved=1,sent=0)\n"));
  CHECK(ask("crst") == "Connection stats reset.\n");
  CHECK(has("cons", "(queued=0,recved=0,sent=0,sid=0x1"));
  CHECK(has("cons", ",lop=NA,"));
  CHECK_FALSE(has("srvr", "Received: 1\n"));
  CHECK(ask("srst") == "Server stats reset.\n");
  CHECK(has("srvr", "Latency min/avg/max: 0/0.0/0\nReceived: 1\nSent: 1\n"));
}

TEST_CASE("a leader tells who follows it, and counts its proposals") {
  Cluster cluster(3);
  const int leader = cluster.leader();
  const auto ask = [&](int server) {
    Client& client = cluster.open(server);
    cluster.send_bytes(client, "mntr");
    cluster.settle();
    return client.raw;
  };
  const auto has = [&](int server, const std::string& line) {
    return ask(server).find(line) != std::string::npos;
  };
  CHECK(has(leader, "zk_learners\t2\nzk_synced_followers\t2\nzk_synced_non_voting_followers\t0\n"));
  CHECK(has(leader, "zk_last_proposal_size\t-1\n"));
  CHECK_FALSE(has(cluster.follower(), "zk_learners"));
  cluster.connect(cluster.follower());
  CHECK_FALSE(has(leader, "zk_last_proposal_size\t-1\n"));
  cluster.crash(cluster.follower());
  CHECK(has(leader, "zk_learners\t1\nzk_synced_followers\t1\n"));
}

TEST_CASE("bytes that are no handshake end the connection") {
  Cluster cluster(1);
  Client& client = cluster.open(1);
  cluster.send_bytes(client, "GET / HTTP/1.1\r\n\r\n");
  cluster.settle();
  CHECK(client.closed);
  Client& small = cluster.open(1);
  cluster.send_bytes(small, std::string("\0\0\0\3abc", 7));
  cluster.settle();
  CHECK(small.closed);
}

TEST_CASE("a restarted server has replayed what was committed, and its clients go on") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  cluster.ask(client, create("/a", "x"));
  cluster.ask(client, create_ephemeral("/e"));
  const std::uint64_t digest = cluster.node(1).tree().digest();
  cluster.pass(1000);
  cluster.crash(1);
  cluster.start(1);
  CHECK(cluster.node(1).tree().digest() == digest);
  cluster.pass(2000);
  wire::ConnectRequest request = Cluster::again(client);
  request.last_zxid_seen = client.frames.zxids.back();
  Client& back = cluster.connect(1, request);
  CHECK(cluster.ask(back, get("/a")) == Lines{"1 ok data=x"});
  CHECK(cluster.ask(back, wire::GetEphemeralsRequest{}) == Lines{"2 ok paths=/e"});
}

TEST_CASE("what lies above the commit mark is not applied at the start") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  cluster.ask(client, create("/a"));
  const Zxid last = cluster.disks[1].last();
  cluster.crash(1);
  cluster.disks[1].mark = Zxid{2};
  cluster.start(1);
  CHECK(cluster.node(1).tree().applied() == Zxid{2});
  CHECK(cluster.node(1).peer().last() == last);
  cluster.pass(2000);
  CHECK(cluster.node(1).tree().stat("/a"));
}

TEST_CASE("a copy of a node is a node of its own") {
  Cluster cluster(1);
  Client& client = cluster.connect(1);
  cluster.ask(client, create("/a", "x"));
  node::Node copy = cluster.node(1);
  cluster.ask(client, set("/a", "y"));
  CHECK(copy.tree().data("/a")->data == "x");
  copy.client_bytes(cluster.now(), client.id, wire::encode_request(Xid{9}, get("/a")));
  const node::Output out = copy.take_output(cluster.now());
  REQUIRE(out.to_clients.size() == 1);
  CHECK(out.to_clients[0].bytes.find('x') != std::string::npos);
}

TEST_CASE("mutants: the promises above would not hold") {
  SECTION("an event after the reply") {
    const With mutant(Mutant::watch_after_reply);
    Cluster cluster(1);
    Client& client = cluster.connect(1);
    cluster.ask(client, create("/a"));
    cluster.ask(client, get("/a", true));
    CHECK(cluster.ask(client, set("/a", "x")) == Lines{"3 ok version=1", "event node_data_changed /a"});
  }
  SECTION("an outcome for another's request") {
    const With mutant(Mutant::outcome_matched_by_xid);
    Cluster cluster(1);
    Client& a = cluster.connect(1);
    Client& b = cluster.connect(1);
    cluster.disks_work = false;
    cluster.send(b, create("/b"));
    cluster.send(a, create("/a"));
    cluster.disks_work = true;
    CHECK(cluster.heard(a) == Lines{"1 ok path=/b"});
  }
  SECTION("too much replayed") {
    Cluster cluster(1);
    cluster.crash(1);
    cluster.disks[1].mark = Zxid{1};
    const With mutant(Mutant::replay_past_commit_mark);
    cluster.start(1);
    CHECK(cluster.node(1).tree().applied() == cluster.disks[1].last());
  }
}
