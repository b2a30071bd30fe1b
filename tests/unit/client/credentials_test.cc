// Who the session is: credentials are presented on every connection, before anything else.
#include <catch2/catch.hpp>

#include "story.h"

using namespace muster;
using namespace muster::client;

namespace {

SessionConfig as_me() {
  SessionConfig config;
  config.credentials = {{"digest", "me:secret"}};
  return config;
}

std::string add(Story& story, const std::string& credential) {
  return story.submit(wire::AuthRequest{0, "digest", credential});
}

}  // namespace

TEST_CASE("credentials go before watches, and these before requests") {
  Story story(as_me());
  story.begin();
  story.reply(wire::auth_xid);
  story.submit(wire::GetDataRequest{"/w", true});
  story.reply(1, 1, wire::GetDataReply{});
  story.lost();
  story.submit(wire::SyncRequest{"/"});
  CHECK(story.come_back() == "connected | -4 auth digest me:secret | -8 setWatches since 1 data=/w | 2 sync");
}

TEST_CASE("a credential that was accepted is presented again, once") {
  Story story(as_me());
  story.begin();
  story.reply(wire::auth_xid);
  CHECK(add(story, "you:x") == "-4 auth digest you:x");
  CHECK(story.reply(wire::auth_xid) == "done 1 ok");
  add(story, "you:x");
  CHECK(story.reply(wire::auth_xid) == "done 2 ok");
  story.lost();
  CHECK(story.come_back() == "connected | -4 auth digest me:secret | -4 auth digest you:x");
}

TEST_CASE("a credential whose answer was lost is presented again in its order") {
  Story story;
  story.begin();
  story.submit(wire::SyncRequest{"/"});
  add(story, "you:x");
  story.lost();
  CHECK(story.come_back() == "connected | 1 sync | -4 auth digest you:x");
  // A ZooKeeper answers it before what was asked earlier.
  CHECK(story.reply(wire::auth_xid) == "done 2 ok");
  CHECK(story.reply(1, 3, wire::PathReply{}) == "done 1 ok");
}

TEST_CASE("a refused credential ends the session") {
  Story story;
  story.begin();
  story.submit(wire::SyncRequest{"/"});
  add(story, "you:x");
  CHECK(story.reply(wire::auth_xid, 0, {}, ErrorCode::auth_failed) ==
        "done 2 authentication failed | disconnect | done 1 authentication failed | authentication failed");
  CHECK(story.submit(wire::SyncRequest{"/"}) == "done 3 authentication failed");
  CHECK(story.session.state() == SessionState::auth_failed);

  Story configured(as_me());
  configured.begin();
  CHECK(configured.reply(wire::auth_xid, 0, {}, ErrorCode::auth_failed) ==
        "disconnect | authentication failed");
}

TEST_CASE("an answer to a credential that was not presented ends the connection") {
  Story story;
  story.begin();
  CHECK(story.reply(wire::auth_xid) == "disconnect | connecting");
}
