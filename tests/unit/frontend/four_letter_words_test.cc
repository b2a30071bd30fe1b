#include "server/frontend/four_letter_words.h"

#include <catch2/catch.hpp>

using namespace muster;
using namespace muster::frontend;

namespace {

ServerView view() {
  ServerView server;
  server.mode = "leader";
  server.self = ServerId{2};
  server.connections = 1;
  server.sessions = 3;
  server.znodes = 5;
  server.voters = 3;
  server.applied = Zxid{26};
  server.tick_ms = 2000;
  server.max_connections_per_address = 60;
  server.counters.packets_received = 21;
  server.data_dir = "/data";
  server.client_port = 2181;
  for (const std::int64_t ms : {0, 3, 2}) server.counters.latency.add(ms);
  ClientLine client;
  client.address = "127.0.0.1:41234";
  client.interest = 1;
  client.in_flight = 2;
  client.session = SessionId{0x0100000000000005};
  client.timeout_ms = 30000;
  client.opened_ms = 1700000000000;
  client.traffic.received = 12;
  client.traffic.sent = 13;
  server.clients = {client};
  return server;
}

std::string line_of(const std::string& text, const std::string& key) {
  const std::size_t at = ("\n" + text).find("\n" + key);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

}  // namespace

TEST_CASE("srvr and stat: a leader says how large its proposals were") {
  ServerView server = view();
  const std::string srvr = answer_word("srvr", "*", server);
  CHECK(srvr.rfind("Zookeeper version: 3.9.2-muster-0.1.0\nLatency min/avg/max: 0/1.6667/3\nReceived: 21\n",
                   0) == 0);
  CHECK(line_of(srvr, "Zxid") == "Zxid: 0x1a");
  CHECK(line_of(srvr, "Proposal") == "Proposal sizes last/min/max: -1/-1/-1");
  for (const std::size_t size : {40U, 30U, 35U}) server.proposals.add(size);
  CHECK(line_of(answer_word("srvr", "*", server), "Proposal") == "Proposal sizes last/min/max: 35/30/40");
  server.mode = "follower";
  CHECK(line_of(answer_word("srvr", "*", server), "Proposal").empty());
  CHECK(answer_word("stat", "*", server)
            .find("\nClients:\n /127.0.0.1:41234[1](queued=2,recved=12,sent=13)\n\nLatency") !=
        std::string::npos);
}

TEST_CASE("cons tells of the last answer of a session") {
  ServerView server = view();
  CHECK(
      answer_word("cons", "*", server) ==
      " /"
      "127.0.0.1:41234[1](queued=2,recved=12,sent=13,sid=0x100000000000005,lop=NA,est=1700000000000,to=30000,"
      "lzxid=0xffffffffffffffff,lresp=0,llat=0,minlat=0,avglat=0,maxlat=0)\n\n");
  Traffic& traffic = server.clients[0].traffic;
  note_answer(5010, server.counters, traffic, {wire::OpCode::create2, Xid{10}, Zxid{26}, 5003, 20});
  note_answer(5020, server.counters, traffic, {wire::OpCode::get_data, Xid{11}, Zxid{26}, 5020, 24});
  CHECK(line_of(answer_word("cons", "*", server), " /")
            .find("sent=15,sid=0x100000000000005,lop=GETD,est=1700000000000,to=30000,lcxid=0xb,lzxid=0x1a,"
                  "lresp=5020,"
                  "llat=0,minlat=0,avglat=3,maxlat=7)") != std::string::npos);
  note_answer(5030, server.counters, traffic, {wire::OpCode::ping, Xid{-2}, Zxid{26}, 5030, 20});
  CHECK(answer_word("cons", "*", server).find("lop=PING,est=1700000000000,to=30000,lcxid=0xb,") !=
        std::string::npos);
  server.clients[0].session = SessionId{};
  CHECK(answer_word("cons", "*", server) == " /127.0.0.1:41234[1](queued=2,recved=12,sent=16)\n\n");
}

TEST_CASE("mntr: what a leader counts, what an ensemble has, what the driver measured") {
  ServerView server = view();
  server.followers = {3, 1, 1, 1};
  server.counters.responses.add(16);
  server.open_files = 17;
  const std::string leader = answer_word("mntr", "*", server);
  CHECK(line_of(leader, "zk_server_state") == "zk_server_state\tleader");
  CHECK(line_of(leader, "zk_peer_state") == "zk_peer_state\tleading - broadcast");
  CHECK(line_of(leader, "zk_quorum_size") == "zk_quorum_size\t3");
  CHECK(line_of(leader, "zk_learners") == "zk_learners\t3");
  CHECK(line_of(leader, "zk_synced_followers") == "zk_synced_followers\t1");
  CHECK(line_of(leader, "zk_min_client_response_size") == "zk_min_client_response_size\t16");
  CHECK(line_of(leader, "zk_open_file_descriptor_count") == "zk_open_file_descriptor_count\t17");
  CHECK(line_of(leader, "zk_max_file_descriptor_count").empty());
  CHECK(line_of(leader, "zk_votes") == "zk_votes\t1");
  CHECK(line_of(leader, "zk_log_has_room") == "zk_log_has_room\t1");
  CHECK(line_of(leader, "zk_log_moves") == "zk_log_moves\t1");
  CHECK(line_of(leader, "zk_takes_writes") == "zk_takes_writes\t1");
  CHECK(line_of(leader, "zk_last_checkpoint_zxid") == "zk_last_checkpoint_zxid\t0");
  server.mode = "follower";
  server.votes = false;
  const std::string follower = answer_word("mntr", "*", server);
  CHECK(line_of(follower, "zk_learners").empty());
  CHECK(line_of(follower, "zk_peer_state") == "zk_peer_state\tfollowing - broadcast");
  CHECK(line_of(follower, "zk_votes") == "zk_votes\t0");
  server.mode = "standalone";
  const std::string alone = answer_word("mntr", "*", server);
  CHECK(line_of(alone, "zk_peer_state").empty());
  CHECK(line_of(alone, "zk_quorum_size").empty());
}

TEST_CASE("conf ends with the ensemble") {
  ServerView server = view();
  server.places = {{ServerId{1}, {"a", 2888, ""}}, {ServerId{2}, {"b", 2889, "b:2181"}}};
  server.members = {{ServerId{1}, true}, {ServerId{2}, false}};
  CHECK(
      answer_word("conf", "*", server) ==
      "clientPort=2181\nsecureClientPort=-1\ndataDir=/data\ndataDirSize=-1\ndataLogDir=/"
      "data\ndataLogSize=-1\n"
      "tickTime=2000\nmaxClientCnxns=60\nminSessionTimeout=4000\nmaxSessionTimeout=40000\n"
      "clientPortListenBacklog=0\nserverId=2\nelectionPort=2889\nquorumPort=2889\npeerType=0\nmembership: \n"
      "server.1=a:2888:2888:participant\nserver.2=b:2889:2889:observer;b:2181\nversion=0");
}

TEST_CASE("dump gathers what ends within the same second; only who counts the sessions' time knows it") {
  ServerView server = view();
  constexpr std::int64_t noon = 1795521600000;  // 2026-11-24 12:00:00 UTC
  server.clients[0].expires_ms = noon + 59'000;
  server.sessions_by_expiry = {
      {SessionId{1}, 0, noon + 10}, {SessionId{3}, 0, noon + 999}, {SessionId{2}, 0, noon + 1000}};
  server.sessions_by_id = {{SessionId{1}, 4000, 0}, {SessionId{2}, 10000, 0}};
  server.ephemerals_by_session = {{SessionId{2}, {"/a", "/b"}}};
  const std::string rest =
      "ephemeral nodes dump:\nSessions with Ephemerals (1):\n0x2:\n\t/a\n\t/b\nConnections dump:\n"
      "Connections Sets (1)/(1):\n1 expire at Tue Nov 24 12:00:59 UTC 2026:\n"
      "\tip: /127.0.0.1:41234 sessionId: 0x100000000000005\n";
  CHECK(
      answer_word("dump", "*", server) ==
      "SessionTracker dump:\nSession Sets (2)/(3):\n2 expire at Tue Nov 24 12:00:00 UTC 2026:\n\t0x1\n\t0x3\n"
      "1 expire at Tue Nov 24 12:00:01 UTC 2026:\n\t0x2\n" +
          rest);
  server.mode = "follower";
  CHECK(answer_word("dump", "*", server) ==
        "SessionTracker dump:\nGlobal Sessions(2):\n0x1\t4000ms\n0x2\t10000ms\n" + rest);
}

TEST_CASE("wchs, wchc and wchp: who hears of which node") {
  ServerView server = view();
  server.watches_by_path = {{"/a", SessionId{2}}, {"/b", SessionId{1}}, {"/b", SessionId{2}}};
  server.node_watches = 3;
  server.watched_paths = 2;
  server.watching_connections = 2;
  CHECK(answer_word("wchs", "*", server) == "2 connections watching 2 paths\nTotal watches:3\n");
  CHECK(answer_word("wchc", "*", server) == "0x1\n\t/b\n0x2\n\t/a\n\t/b\n\n");
  CHECK(answer_word("wchp", "*", server) == "/a\n\t0x2\n/b\n\t0x1\n\t0x2\n\n");
}

TEST_CASE("a server that has no leader answers what needs none") {
  ServerView server = view();
  server.mode = "";
  CHECK(answer_word("ruok", "*", server) == "imok");
  CHECK(answer_word("isro", "*", server) == "null");
  CHECK(answer_word("envi", "*", server).rfind("Environment:\nzookeeper.version=3.9.2-", 0) == 0);
  for (const char* word :
       {"srvr", "stat", "mntr", "conf", "cons", "dump", "dirs", "wchs", "wchc", "wchp", "crst", "srst"}) {
    CHECK(answer_word(word, "*", server) == "This ZooKeeper instance is not currently serving requests\n");
    CHECK_FALSE(is_executed(word, "*", false));
    CHECK(is_executed(word, "*", true));
  }
}

TEST_CASE("words that are not whitelisted or that Muster does not have are refused in ZooKeeper's words") {
  CHECK(is_four_letter_word("dump"));
  CHECK(is_four_letter_word("hash"));
  CHECK_FALSE(is_four_letter_word("abcd"));
  CHECK_FALSE(is_four_letter_word("reqs"));
  CHECK_FALSE(is_four_letter_word(std::string_view("\0\0\0\x2c", 4)));
  const std::string refusal = " is not executed because it is not in the whitelist.\n";
  CHECK(answer_word("dump", default_words, view()) == "dump" + refusal);
  CHECK(answer_word("hash", "*", view()) == "hash" + refusal);
  CHECK(answer_word("gtmk", "gtmk", view()) == "gtmk" + refusal);
  CHECK(answer_word("mntr", "srvr, ruok", view()) == "mntr" + refusal);
  CHECK(answer_word("ruok", "srvr, ruok", view()) == "imok");
  CHECK(answer_word("\xff\xf4\xff\xfd", "*", view()) == "telnet close" + refusal);
}
