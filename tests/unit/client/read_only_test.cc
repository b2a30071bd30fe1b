// A server without a quorum, until one with a quorum is found.
#include <catch2/catch.hpp>

#include "story.h"

using namespace muster;
using namespace muster::client;

namespace {

SessionConfig willing() {
  SessionConfig config;
  config.hosts = 2;
  config.read_only = true;
  return config;
}

wire::ConnectReply read_only(std::int64_t session) {
  wire::ConnectReply reply = seven();
  reply.session = SessionId{session};
  reply.read_only = true;
  return reply;
}

// Connects to one that has lost its quorum.
void begin_read_only(Story& story, std::int64_t session = 7) {
  story.wait();
  story.connected();
  story.welcome(read_only(session));
}

}  // namespace

TEST_CASE("a read-only server is taken if that is allowed") {
  Story story(willing());
  story.wait();
  CHECK(story.connected() == "hello session=0 read-only zxid=0 timeout=10000 remember=1000");
  CHECK(story.welcome(read_only(7)) == "connected read-only");
  CHECK(story.session.state() == SessionState::connected_read_only);

  Story unwilling;
  unwilling.wait();
  unwilling.connected();
  CHECK(unwilling.welcome(read_only(7)) == "disconnect");
}

TEST_CASE(
    "from a read-only server, others are asked whether they have a quorum: at first soon, then seldom") {
  Story story(willing());
  begin_read_only(story);
  const std::int64_t start = story.now;
  const std::string first = story.wait();
  CHECK(first.substr(0, 6) == "probe ");
  CHECK(story.now == start + 100);
  const auto host = static_cast<HostId>(first.back() - '0');
  CHECK(story.probed(host, false) == "");
  const std::string second = story.wait();
  CHECK(story.now == start + 300);
  CHECK(second != first);                 // the other one
  CHECK(story.probed(host, true) == "");  // not the one that was asked
  CHECK(story.session.is_connected());
}

TEST_CASE("a server with a quorum is moved to, once nothing is in flight, by a session of its own") {
  Story story(willing());
  begin_read_only(story);
  story.submit(wire::GetDataRequest{"/a", true});
  const HostId host = static_cast<HostId>(story.wait().back() - '0');
  CHECK(story.probed(host, true) == "");
  CHECK(story.submit(wire::SyncRequest{"/"}) == "");
  CHECK(story.reply(1, 5, wire::GetDataReply{}) ==
        "done 1 ok | disconnect | connecting | connect " + std::to_string(host));
  // The ensemble has never heard of the session that the read-only server gave.
  CHECK(story.connected() == "hello session=0 read-only zxid=5 timeout=10000 remember=1000");
  wire::ConnectReply eight = seven();
  eight.session = SessionId{8};
  CHECK(story.welcome(eight) == "connected | -8 setWatches since 5 data=/a | 2 sync");
  CHECK(story.session.id() == SessionId{8});
}

TEST_CASE("a session that the ensemble knows is kept through a read-only server") {
  Story story(willing());
  story.begin();
  story.lost();
  CHECK(story.connected() == "hello session=7 with password read-only zxid=0 timeout=10000 remember=1000");
  CHECK(story.welcome(read_only(7)) == "connected read-only");
  story.lost();
  story.wait();
  CHECK(story.connected().substr(0, 29) == "hello session=7 with password");
}

TEST_CASE(
    "a write in doubt is not sent to a read-only server, whose refusal would say that it was not done") {
  Story story(willing());
  story.begin(1'000);
  story.submit(wire::SetDataRequest{"/a", "v", -1});
  story.lost();
  story.connected();
  wire::ConnectReply reply = read_only(7);
  reply.remember = 1'000;
  CHECK(story.welcome(reply) == "connected read-only | done 1 connection lost");
}
