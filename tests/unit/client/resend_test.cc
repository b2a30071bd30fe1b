// What becomes of requests in flight when the connection breaks.
#include <catch2/catch.hpp>

#include "story.h"

using namespace muster;
using namespace muster::client;

namespace {

const wire::GetDataRequest get_a{"/a", false};
const wire::SetDataRequest set_a{"/a", "v", -1};
const wire::CreateRequest create_b{wire::OpCode::create, "/b", "", open_acl(), 0, 0};

}  // namespace

TEST_CASE("a ZooKeeper does not remember: reads are asked again, writes in flight have an unknown outcome") {
  Story story;
  story.begin();
  story.submit(get_a);
  story.submit(set_a);
  story.submit(get_a);
  CHECK(story.lost() == "done 2 connection lost | connecting");
  CHECK(story.come_back() == "connected | 1 get /a | 3 get /a");
  CHECK(story.reply(1, 5, wire::GetDataReply{}) == "done 1 ok");
}

TEST_CASE("a write that was never sent is not in doubt") {
  SessionConfig config;
  config.max_in_flight = 1;
  Story story(config);
  story.begin();
  story.submit(get_a);
  story.submit(set_a);
  CHECK(story.lost() == "connecting");
  CHECK(story.come_back() == "connected | 1 get /a");
  CHECK(story.reply(1, 5, wire::GetDataReply{}) == "done 1 ok | 2 set /a");
}

TEST_CASE(
    "a server that remembers gets all of them again, in order and under their xids, before anything new") {
  Story story;
  story.begin(1'000);
  story.submit(set_a);
  story.submit(get_a);
  story.submit(create_b);
  CHECK(story.reply(1, 5, wire::StatReply{}) == "done 1 ok");
  CHECK(story.lost() == "connecting");
  CHECK(story.submit(get_a) == "");
  CHECK(story.come_back(1'000) == "connected | 2 get /a | 3 create /b | 4 get /a");
  CHECK(story.lost() == "connecting");  // and once more
  CHECK(story.come_back(1'000) == "connected | 2 get /a | 3 create /b | 4 get /a");
  CHECK(story.reply(2, 6, wire::GetDataReply{}) == "done 2 ok");
  CHECK(story.reply(3, 7, wire::CreateReply{"/b"}) == "done 3 ok");
}

TEST_CASE("both servers must remember, the one that may have done it and the one that is asked again") {
  Story story;
  story.begin(1'000);
  story.submit(set_a);
  story.submit(get_a);
  CHECK(story.lost() == "connecting");
  CHECK(story.come_back({}) == "connected | done 1 connection lost | 2 get /a");

  Story grants_none;
  grants_none.begin(1'000);
  grants_none.submit(set_a);
  grants_none.lost();
  CHECK(grants_none.come_back(0) == "connected | done 1 connection lost");

  Story later;
  later.begin({});
  later.submit(set_a);
  CHECK(later.lost() == "done 1 connection lost | connecting");
}

TEST_CASE("an outcome that is remembered no more is told as such") {
  Story story;
  story.begin(1'000);
  story.submit(set_a);
  story.lost();
  story.come_back(1'000);
  CHECK(story.reply(1, 6, {}, ErrorCode::data_inconsistency) ==
        "done 1 the outcome of this write is no longer remembered");
}

TEST_CASE("a write in doubt when the session ends fails with what ended it") {
  Story story;
  story.begin(1'000);
  story.submit(set_a);
  story.lost();
  CHECK(story.close() == "done 1 connection lost | closed");

  Story expired;
  expired.begin(1'000);
  expired.submit(set_a);
  CHECK(expired.reply(1, 0, {}, ErrorCode::session_expired) ==
        "done 1 session expired | disconnect | session expired");
}

TEST_CASE("what is withdrawn before it is sent never is; what was sent is answered to nobody") {
  SessionConfig config;
  config.max_in_flight = 1;
  Story story(config);
  story.begin();
  CHECK(story.submit(get_a) == "1 get /a");
  CHECK(story.submit(set_a) == "");
  CHECK(story.submit(create_b) == "");
  CHECK(story.withdraw(2) == "");
  CHECK(story.withdraw(1) == "");
  CHECK(story.reply(1, 5, wire::GetDataReply{}) == "3 create /b");
  CHECK(story.withdraw(99) == "");
}

TEST_CASE("what was withdrawn is not sent again, not even to a server that remembers") {
  Story story;
  story.begin(1'000);
  story.submit(set_a);
  story.submit(get_a);
  story.submit(get_a);
  story.withdraw(1);
  story.withdraw(2);
  CHECK(story.lost() == "connecting");
  CHECK(story.come_back(1'000) == "connected | 3 get /a");
}
