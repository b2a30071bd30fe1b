#include "server/frontend/connection.h"

#include <catch2/catch.hpp>

#include "tests/unit/frontend/front.h"

using namespace muster;
using namespace muster::test;
namespace wire = muster::wire;

TEST_CASE("replies come in the order of the requests; reads wait for the writes before them") {
  Front front = Front::open();
  front.ask(create("/a", "1"));
  front.ask(get("/a"));
  front.ask(wire::PingRequest{});
  front.ask(set("/a", "2"));
  front.ask(get("/a"));
  CHECK(front.proposed.size() == 2);  // a write is forwarded at once
  CHECK(front.said().empty());
  front.deliver();
  CHECK(front.said() == Lines{"1 ok path=/a", "2 ok data=1", "-2 ok"});
  front.deliver();
  CHECK(front.said() == Lines{"4 ok version=1", "5 ok data=2"});
}

TEST_CASE("a failed write is answered with its code and zxid") {
  Front front = Front::open();
  front.ask(set("/missing", "x"));
  front.deliver();
  CHECK(front.said() == Lines{"1 error -101"});
  CHECK(front.client.zxids.back() == front.zxid);
}

TEST_CASE(
    "sync waits for its barrier, what follows waits for sync, and a write behind it is not forwarded "
    "before") {
  Front front = Front::open();
  front.ask(create("/a", "1"));
  front.deliver();
  front.ask(sync_of("/a"));
  front.ask(get("/a"));
  front.ask(set("/a", "2"));
  front.ask(get("/a"));
  (void)front.said();
  CHECK(front.proposed.empty());
  front.other(set("/a", "other"));
  CHECK(front.said().empty());
  front.pass();
  CHECK(front.said() == Lines{"2 ok path=/a", "3 ok data=other"});
  REQUIRE(front.proposed.size() == 1);
  front.deliver();
  CHECK(front.said() == Lines{"4 ok version=2", "5 ok data=2"});
}

TEST_CASE("a barrier may pass before an earlier write is known") {
  Front front = Front::open();
  front.ask(create("/a", "1"));
  front.ask(sync_of());
  front.pass();
  CHECK(front.said().empty());
  front.deliver();
  CHECK(front.said() == Lines{"1 ok path=/a", "2 ok path=/"});
}

TEST_CASE("bytes may come one at a time, or many requests at once") {
  Front front = Front::open();
  std::string bytes = front.client.ask(exists("/"), 1) + front.client.ask(exists("/none"), 2);
  for (const char c : bytes) front.give(std::string_view(&c, 1));
  front.give(front.client.ask(exists("/none"), 3) + front.client.ask(exists("/"), 4));
  CHECK(front.said() == Lines{"1 ok version=0", "2 error -101", "3 error -101", "4 ok version=0"});
}

TEST_CASE("CloseSession is the last request: what follows is not answered") {
  Front front = Front::open();
  front.ask(create("/a"));
  front.ask(wire::CloseSessionRequest{});
  front.ask(get("/a"));
  CHECK(front.proposed.size() == 2);
  front.deliver();
  CHECK_FALSE(front.hung_up);
  front.deliver();
  CHECK(front.hung_up);
  CHECK(front.said() == Lines{"1 ok path=/a", "2 ok"});
}

TEST_CASE("an unknown operation is answered -6 in its turn, then the connection ends") {
  Front front = Front::open();
  front.ask(create("/a"));
  std::string unknown = wire::encode_request(Xid{2}, wire::PingRequest{});
  unknown[11] = 99;
  (void)front.client.ask(wire::WhoAmIRequest{}, 2);
  front.give(unknown);
  front.ask(get("/a"));
  CHECK_FALSE(front.hung_up);
  front.deliver();
  CHECK(front.hung_up);
  CHECK(front.said() == Lines{"1 ok path=/a", "2 error -6"});
  CHECK(front.client.zxids.back() == Zxid{-1});
}

TEST_CASE(
    "a body that can't be decoded is answered -5; a header that can't, or a bad length, ends the "
    "connection") {
  Front front = Front::open();
  std::string cut = front.client.ask(get("/abc"), 1);
  cut.resize(cut.size() - 4);
  cut[3] = static_cast<char>(cut.size() - 4);
  front.give(cut);
  front.ask(exists("/"));
  CHECK(front.said() == Lines{"1 error -5", "1 ok version=0"});
  CHECK_FALSE(front.hung_up);
  front.give(std::string("\0\0\0\x04\0\0\0\x01", 8));
  CHECK(front.hung_up);

  Front negative = Front::open();
  negative.give("\xff\xff\xff\xff");
  CHECK(negative.hung_up);
}

TEST_CASE("sasl is answered with a null token, reconfig refused; both leave the connection open") {
  Front front = Front::open();
  front.ask(wire::SaslRequest{"token"});
  front.ask(wire::ReconfigRequest{});
  CHECK(front.said() == Lines{"1 ok token=(null)", "2 error -123"});
  CHECK_FALSE(front.hung_up);
}

TEST_CASE("an auth or sasl request that cannot be read ends the connection, after what was asked before it") {
  for (const wire::OpCode type : {wire::OpCode::auth, wire::OpCode::sasl}) {
    Front front = Front::open();
    front.ask(create("/a"));
    std::string header = wire::encode_request(Xid{2}, wire::PingRequest{});
    header[11] = static_cast<char>(type);
    front.give(header);
    front.ask(exists("/"));
    CHECK_FALSE(front.hung_up);
    front.deliver();
    CHECK(front.said() == Lines{"1 ok path=/a"});
    CHECK(front.hung_up);
  }
  Front front = Front::open();
  front.ask(wire::SaslRequest{std::nullopt});
  CHECK(front.said().empty());
  CHECK(front.hung_up);
}

TEST_CASE("auth replies keep their turn, with zxid 0; a failed one ends the connection") {
  Front front = Front::open();
  front.ask(create("/a"));
  front.ask(wire::AuthRequest{0, "digest", "u:p"});
  front.ask(wire::WhoAmIRequest{});
  CHECK(front.said().empty());
  front.deliver();
  CHECK(front.said() == Lines{"1 ok path=/a", "2 ok", "3 ok ip:10.1.1.1 digest:u"});
  CHECK(front.client.zxids[front.client.zxids.size() - 2] == Zxid{0});
  front.ask(wire::AuthRequest{0, "kerberos", "x"});
  front.ask(exists("/"));
  CHECK(front.said() == Lines{"4 error -115"});
  CHECK(front.hung_up);
}

TEST_CASE("a write carries the identities that were known when it was read") {
  Front front = Front::open();
  front.ask(create("/a"));
  front.ask(wire::AuthRequest{0, "digest", "u:p"});
  front.ask(create("/b"));
  REQUIRE(front.proposed.size() == 2);
  CHECK(tree::decode_command(front.proposed[0].command.view())->identities.size() == 1);
  CHECK(tree::decode_command(front.proposed[1].command.view())->identities.size() == 2);
  CHECK(front.connection.identities().size() == 2);
}

TEST_CASE("too many requests in flight stop the reading, half of them resume it") {
  Front front = Front::open(4);
  for (int i = 0; i < 7; ++i) front.ask(create("/" + std::to_string(i)));
  CHECK(front.proposed.size() == 4);
  CHECK(front.connection.reading_changed() == std::nullopt);  // what waits here is little
  front.ask(create("/long", std::string(70000, 'x')));
  CHECK(front.connection.reading_changed() == false);
  front.deliver();
  CHECK(front.proposed.size() == 3);
  front.deliver();
  CHECK(front.proposed.size() == 4);
  while (!front.proposed.empty()) front.deliver();
  CHECK(front.said().size() == 8);
}

TEST_CASE("a proposal that is refused is kept and tried again; nothing overtakes it") {
  Front front = Front::open();
  front.refuse_proposals = true;
  front.ask(create("/a"));
  front.ask(create("/b"));
  CHECK(front.proposed.empty());
  CHECK(front.connection.stalled());
  front.refuse_proposals = false;
  front.run();
  CHECK_FALSE(front.connection.stalled());
  CHECK(front.proposed.size() == 2);
  front.deliver();
  front.deliver();
  CHECK(front.said() == Lines{"1 ok path=/a", "2 ok path=/b"});
}

TEST_CASE("a reader that does not take its replies is not served on") {
  Front front = Front::open();
  front.settings.max_output_bytes = 1000;
  front.connection.backlog(600);
  front.ask(exists("/"));
  CHECK(front.said().empty());
  CHECK(front.connection.stalled());
  CHECK_FALSE(front.connection.overflows(front.settings));
  front.connection.backlog(100);
  front.run();
  CHECK(front.said() == Lines{"1 ok version=0"});
  front.connection.backlog(1001);
  CHECK(front.connection.overflows(front.settings));
}

TEST_CASE("a four-letter word instead of a handshake") {
  Front front;
  front.give("ru");
  CHECK(front.word.empty());
  front.give("ok\n");
  CHECK(front.word == "ruok");

  Front session = Front::open();
  session.give("ruok");
  CHECK(session.word.empty());
  CHECK(session.hung_up);  // a length that is too great
}

TEST_CASE("only requests of an open session touch it") {
  Front front;
  front.give(front.client.connect({}));
  CHECK_FALSE(front.connection.take_touched());
  front = Front::open();
  CHECK_FALSE(front.connection.take_touched());
  front.ask(wire::PingRequest{});
  CHECK(front.connection.take_touched());
  CHECK_FALSE(front.connection.take_touched());
}

TEST_CASE("frames behind the handshake wait for the session") {
  Front front;
  front.give(front.client.connect({}) + front.client.ask(exists("/"), 1));
  CHECK(front.said().empty());
  const auto outcome = front.apply(frontend::session_command(front.connection.request(), front.settings));
  front.connection.accept(front.context(), *outcome.session, "secret");
  front.run();
  CHECK(front.said() == Lines{"session", "1 ok version=0"});
}
