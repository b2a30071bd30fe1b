// The session's connection: handshake, pings, losses, back-off, expiry and the end.
#include <catch2/catch.hpp>
#include <set>

#include "story.h"

using namespace muster;
using namespace muster::client;

namespace {

const wire::GetDataRequest get_a{"/a", false};
const wire::GetDataReply a_value{"v", {}};

SessionConfig hosts(std::size_t number) {
  SessionConfig config;
  config.hosts = number;
  return config;
}

}  // namespace

TEST_CASE("a session begins with a handshake") {
  Story story;
  CHECK(story.told() == "");
  CHECK(story.wait() == "connect 0");
  CHECK(story.connected() == "hello session=0 zxid=0 timeout=10000 remember=1000");
  CHECK(story.welcome(seven()) == "connected");
  CHECK(story.session.is_connected());
  CHECK(story.session.id() == SessionId{7});
  CHECK(story.session.timeout_ms() == 9'000);
}

TEST_CASE("an old server answers without the byte, and in pieces") {
  Story story;
  story.wait();
  story.connected();
  wire::ConnectReply old = seven();
  old.read_only.reset();
  const std::string reply = Story::welcome_bytes(old);
  for (std::size_t i = 0; i + 1 < reply.size(); ++i) CHECK(story.bytes(reply.substr(i, 1)) == "");
  CHECK(story.bytes(reply.substr(reply.size() - 1)) == "connected");
}

TEST_CASE("what is submitted early waits for the session, and keeps its order") {
  Story story;
  CHECK(story.submit(get_a) == "");
  story.wait();
  CHECK(story.submit(wire::SetDataRequest{"/a", "v", -1}) == "");
  story.connected();
  CHECK(story.submit(wire::ExistsRequest{"/a", false}) == "");
  CHECK(story.welcome(seven()) == "connected | 1 get /a | 2 set /a | 3 exists /a");
}

TEST_CASE("requests are pipelined and answered in order; events keep their place between the replies") {
  Story story;
  story.begin();
  CHECK(story.submit(get_a) == "1 get /a");
  CHECK(story.submit(get_a) == "2 get /a");
  CHECK(story.bytes(Story::reply_bytes(1, 5, a_value) +
                    Story::event_bytes(wire::EventType::node_data_changed, "/a") +
                    Story::reply_bytes(2, 6, {}, ErrorCode::no_node)) ==
        "done 1 ok | data changed /a | done 2 node does not exist");
}

TEST_CASE(
    "no more than max_in_flight are sent, or than the server remembers; no more than max_waiting wait") {
  SessionConfig config;
  config.max_in_flight = 2;
  config.max_waiting = 1;
  Story story(config);
  story.begin();
  CHECK(story.submit(get_a) == "1 get /a");
  CHECK(story.submit(get_a) == "2 get /a");
  CHECK(story.submit(get_a) == "");
  CHECK(story.submit(get_a) == "done 4 invalid state of the client");
  CHECK(story.reply(1, 1, a_value) == "done 1 ok | 3 get /a");

  Story few;
  few.begin(1);
  CHECK(few.submit(get_a) == "1 get /a");
  CHECK(few.submit(get_a) == "");
}

TEST_CASE("a reply that was not asked for, or can't be understood, ends the connection") {
  for (const std::string& nonsense :
       {Story::reply_bytes(9), Story::reply_bytes(2), std::string("\xFF\xFF\xFF\xFF"),
        std::string("\0\0\0\2xx", 6), Story::event_bytes(wire::EventType{77}, "/a")}) {
    Story story(hosts(2));
    story.begin();
    story.submit(get_a);
    CHECK(story.bytes(nonsense).substr(0, 34) == "disconnect | connecting | connect ");
  }
  Story story;
  story.begin();
  story.submit(get_a);
  CHECK(story.bytes(Story::reply_bytes(1, 5, wire::CreateReply{"/a"})) ==
        "done 1 the request could not be read");
}

TEST_CASE("a ping goes out when nothing was sent for a third of the time-out") {
  Story story;
  story.begin();
  const std::int64_t start = story.now;
  CHECK(story.tick_at(start + 2'999) == "");
  CHECK(story.tick_at(start + 3'000) == "-2 ping");
  CHECK(story.tick_at(start + 5'999) == "");  // one at a time
  CHECK(story.reply(wire::ping_xid) == "");
  CHECK(story.wait() == "-2 ping");
  story.now += 10;
  CHECK(story.reply(wire::ping_xid) == "");
  story.submit(get_a);
  const std::int64_t submitted = story.now;
  story.reply(1, 1, a_value);
  CHECK(*story.session.next_tick() == submitted + 3'000);
}

TEST_CASE("a silent server is left after two thirds of the time-out") {
  Story story(hosts(2));
  story.begin();
  const std::int64_t start = story.now;
  CHECK(story.wait() == "-2 ping");
  CHECK(story.tick_at(start + 5'999) == "");
  CHECK(story.wait().substr(0, 33) == "disconnect | connecting | connect");
  CHECK(story.now == start + 6'000);
}

TEST_CASE("the next host is offered the session, its password and the last zxid of a reply") {
  Story story;
  story.begin();
  story.submit(get_a);
  story.reply(1, 42, a_value);
  story.reply(wire::ping_xid, 50);  // not a reply to a request
  CHECK(story.lost() == "connecting");
  CHECK(story.wait() == "connect 0");
  CHECK(story.connected() == "hello session=7 with password zxid=42 timeout=10000 remember=1000");
  CHECK(story.welcome(seven()) == "connected");
}

TEST_CASE(
    "hosts are tried in an order of chance, each once before any pause; pauses double up to a limit, less "
    "some chance") {
  SessionConfig config = hosts(3);
  Story story(config);
  std::int64_t pause = config.min_rest_ms;
  story.wait();
  for (int round = 0; round < 12; ++round) {
    const std::string second = story.lost();
    const std::string third = story.lost();
    CHECK(second.substr(0, 8) == "connect ");
    CHECK(third.substr(0, 8) == "connect ");
    CHECK(second != third);
    CHECK(story.lost() == "");
    const std::int64_t rest = *story.session.next_tick() - story.now;
    CHECK(rest >= pause / 2);
    CHECK(rest <= pause);
    pause = std::min(pause * 2, config.max_rest_ms);
    const std::string first = story.wait();
    CHECK(first.substr(0, 8) == "connect ");
    CHECK(first != second);
  }
  CHECK(pause == config.max_rest_ms);

  std::set<std::string> firsts;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    Session session(hosts(3), Random(seed), 0);
    session.on_tick(0);
    firsts.insert(std::to_string(std::get<Connect>(session.take_actions().at(0)).host));
  }
  CHECK(firsts.size() == 3);
}

TEST_CASE("a server that answers nothing but the handshake does not reset the back-off") {
  Story story;
  story.begin();
  story.lost();
  for (int i = 0; i < 4; ++i) {
    story.come_back();
    story.lost();
  }
  CHECK(*story.session.next_tick() - story.now > 200);
  story.come_back();
  story.submit(get_a);
  story.reply(1, 1, a_value);
  story.lost();
  CHECK(*story.session.next_tick() - story.now <= 50);
}

TEST_CASE("an attempt is given up after the time-out divided by the number of hosts") {
  SessionConfig config = hosts(2);
  Story story(config);
  story.wait();
  const std::int64_t start = story.now;
  CHECK(story.wait().substr(0, 21) == "disconnect | connect ");
  CHECK(story.now == start + 5'000);
  story.connected();
  CHECK(story.wait() == "disconnect");  // the handshake is part of the attempt; both hosts failed: a pause
  CHECK(story.now == start + 10'000);
}

TEST_CASE("a refused session is expired, and everything that waits fails") {
  Story story;
  story.begin();
  story.submit(get_a);
  story.lost();
  story.wait();
  story.connected();
  CHECK(story.welcome({0, 0, SessionId{0}, std::string(16, '\0'), false, {}}) ==
        "disconnect | done 1 session expired | session expired");
  CHECK(story.session.is_over());
  CHECK_FALSE(story.session.next_tick());
  CHECK(story.submit(get_a) == "done 2 session expired");
  CHECK(story.lost() == "");
  CHECK(story.connected() == "");
}

TEST_CASE("another session than the one asked for is as good as none") {
  Story story;
  story.begin();
  story.lost();
  story.wait();
  story.connected();
  wire::ConnectReply eight = seven();
  eight.session = SessionId{8};
  CHECK(story.welcome(eight) == "disconnect | session expired");
}

TEST_CASE("without a word from the servers the session ends by its own clock, before theirs can") {
  Story story;
  story.begin();
  const std::int64_t start = story.now;
  story.tick_at(start + 3'000);  // ping, sent at 3,000 …
  story.now = start + 3'500;
  story.reply(wire::ping_xid);  // … and answered: a server heard of us at 3,000 or later
  story.lost();
  while (story.now < start + 12'000) {
    if (story.session.is_over()) break;
    story.wait();
    story.lost();
  }
  CHECK(story.session.is_over());
  CHECK(story.now == start + 3'000 + 9'000);
}

TEST_CASE("where pings are answered by the leader's word, no other answer keeps the session") {
  Story story;
  story.begin(100);
  const std::int64_t start = story.now;
  story.now = start + 2'000;
  story.submit(get_a);
  story.reply(1, 1, a_value);  // a server that is cut off answers reads
  CHECK(story.tick_at(start + 3'000) == "-2 ping");
  story.now = start + 3'500;
  story.submit(get_a);
  story.reply(2, 1, a_value);
  story.lost();
  while (story.now < start + 12'000) {
    if (story.session.is_over()) break;
    story.wait();
    story.lost();
  }
  CHECK(story.session.is_over());
  CHECK(story.now == start + 9'000);
}

TEST_CASE("a session that never came to be ends after establish_ms, or never") {
  SessionConfig hasty;
  hasty.establish_ms = 10'000;
  Story story(hasty);
  const std::int64_t start = story.now;
  story.submit(get_a);
  std::string last;
  while (!story.session.is_over()) {
    last = story.wait();
    story.lost();
  }
  CHECK(story.now == start + 10'000);
  CHECK(last == "done 1 connection lost | closed");

  Story endless;
  for (int i = 0; i < 1'000; ++i) {
    endless.wait();
    endless.lost();
  }
  CHECK_FALSE(endless.session.is_over());
}

TEST_CASE("close lets what is in flight be answered, then ends the session") {
  Story story;
  story.begin();
  story.submit(get_a);
  CHECK(story.close() == "2 close");
  CHECK(story.submit(get_a) == "done 2 the client is closing");
  CHECK(story.reply(1, 5, a_value) == "done 1 ok");
  CHECK(story.reply(2, 6) == "disconnect | closed");
  CHECK(story.session.is_over());
  CHECK(story.close() == "");
}

TEST_CASE("close does not wait for a server that is gone or silent") {
  Story unconnected;
  unconnected.submit(get_a);
  CHECK(unconnected.close() == "done 1 the client is closing | closed");

  Story breaking;
  breaking.begin();
  breaking.submit(get_a);
  breaking.close();
  CHECK(breaking.lost() == "disconnect | done 1 connection lost | closed");

  Story silent;
  silent.begin();
  const std::int64_t start = silent.now;
  silent.close();
  CHECK(silent.wait() == "disconnect | disconnect | closed");
  CHECK(silent.now == start + 2'000);
}
