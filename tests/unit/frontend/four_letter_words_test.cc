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
  server.members = 4;
  server.applied = Zxid{26};
  server.tick_ms = 2000;
  server.max_connections_per_address = 60;
  server.counters.packets_received = 21;
  for (const std::int64_t ms : {0, 3, 2}) server.counters.answered_after(ms);
  server.clients = {{"127.0.0.1", 2, 12, 13, SessionId{0x0100000000000005}, 30000}};
  return server;
}

}  // namespace

TEST_CASE("the words that tools read have ZooKeeper's formats") {
  CHECK(answer_word("ruok", "*", view()) == "imok");
  CHECK(answer_word("isro", "*", view()) == "rw");
  const std::string srvr = answer_word("srvr", "*", view());
  CHECK(srvr.rfind("Zookeeper version: 3.9.2-muster-", 0) == 0);
  CHECK(srvr.substr(srvr.find('\n') + 1) ==
        "Latency min/avg/max: 0/1.6667/3\nReceived: 21\nSent: 3\nConnections: 1\nOutstanding: 0\nZxid: "
        "0x1a\nMode: leader\n"
        "Node count: 5\n");
  CHECK(answer_word("envi", "*", view()).rfind("Environment:\nzookeeper.version=3.9.2-", 0) == 0);
  const std::string mntr = answer_word("mntr", "*", view());
  CHECK(mntr.rfind("zk_version\t3.9.2-", 0) == 0);
  CHECK(mntr.find("\nzk_server_state\tleader\n") != std::string::npos);
  CHECK(mntr.find("\nzk_znode_count\t5\n") != std::string::npos);
  CHECK(mntr.find("\nzk_votes\t1\n") != std::string::npos);
  CHECK(mntr.find("\nzk_last_checkpoint_zxid\t0\n") != std::string::npos);
  ServerView unrepaired = view();
  unrepaired.votes = false;
  CHECK(answer_word("mntr", "*", unrepaired).find("\nzk_votes\t0\n") != std::string::npos);
  CHECK(answer_word("conf", "*", view()).find("minSessionTimeout=4000\nmaxSessionTimeout=40000\n") !=
        std::string::npos);
  CHECK(answer_word("stat", "*", view())
            .find("Clients:\n /127.0.0.1[1](queued=2,recved=12,sent=13)\n\nLatency") != std::string::npos);
  CHECK(answer_word("cons", "*", view()).find("sid=0x100000000000005,to=30000") != std::string::npos);
  CHECK(answer_word("wchs", "*", view()) == "0 connections watching 0 paths\nTotal watches:0\n");
}

TEST_CASE("a server that knows no leader does not serve") {
  ServerView server = view();
  server.mode.clear();
  CHECK(answer_word("ruok", "*", server) == "imok");
  CHECK(answer_word("isro", "*", server) == "null");
  CHECK(answer_word("srvr", "*", server) == "This ZooKeeper instance is not currently serving requests\n");
}

TEST_CASE("words that are not listed are not executed") {
  CHECK(is_four_letter_word("dump"));
  CHECK_FALSE(is_four_letter_word("abcd"));
  CHECK_FALSE(is_four_letter_word(std::string_view("\0\0\0\x2c", 4)));
  const std::string refusal = " is not executed because it is not in the whitelist.\n";
  CHECK(answer_word("dump", "*", view()) == "dump" + refusal);
  CHECK(answer_word("wchc", "wchc", view()) == "wchc" + refusal);
  CHECK(answer_word("mntr", "srvr, ruok", view()) == "mntr" + refusal);
  CHECK(answer_word("ruok", "srvr, ruok", view()) == "imok");
  CHECK(answer_word("\xff\xf4\xff\xfd", "*", view()) == "telnet close" + refusal);
}
