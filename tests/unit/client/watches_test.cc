// Watches outlive the connection on which they were set.
#include <catch2/catch.hpp>

#include "story.h"

using namespace muster;
using namespace muster::client;

namespace {

std::string after_loss(Story& story) {
  story.lost();
  return story.come_back();
}

}  // namespace

TEST_CASE("the next server is asked for the watches that have not fired, before any request") {
  Story story;
  story.begin();
  story.submit(wire::GetDataRequest{"/data", true});
  story.reply(1, 10, wire::GetDataReply{});
  story.submit(wire::ExistsRequest{"/present", true});
  story.reply(2, 11, wire::StatReply{});
  story.submit(wire::ExistsRequest{"/absent", true});
  story.reply(3, 12, {}, ErrorCode::no_node);
  story.submit(wire::GetChildrenRequest{wire::OpCode::get_children2, "/parent", true});
  story.reply(4, 13, wire::Children2Reply{});
  story.submit(wire::GetDataRequest{"/unwatched", false});
  CHECK(after_loss(story) ==
        "connected | -8 setWatches since 13 data=/data,/present exist=/absent child=/parent | 5 get "
        "/unwatched");
  // What changed meanwhile is told before the reply.
  CHECK(story.event(wire::EventType::node_data_changed, "/data") == "data changed /data #1");
  CHECK(story.reply(wire::set_watches_xid, 14) == "");
  CHECK(story.reply(5, 15, wire::GetDataReply{}) == "done 5 ok");
  story.event(wire::EventType::node_deleted, "/parent");
  story.event(wire::EventType::node_created, "/absent");
  CHECK(after_loss(story) == "connected | -8 setWatches since 15 data=/present");
  story.event(wire::EventType::node_deleted, "/present");
  CHECK(after_loss(story) == "connected");
}

TEST_CASE("a request that failed leaves no watch") {
  Story story;
  story.begin();
  story.submit(wire::GetDataRequest{"/a", true});
  story.reply(1, 1, {}, ErrorCode::no_node);
  story.submit(wire::GetChildrenRequest{wire::OpCode::get_children, "/a", true});
  story.reply(2, 1, {}, ErrorCode::no_auth);
  story.submit(wire::ExistsRequest{"/a", true});
  story.reply(3, 1, {}, ErrorCode::no_auth);
  CHECK(after_loss(story) == "connected");
}

TEST_CASE(
    "persistent watches stay until they are dropped, ask for the newer operation, and tell of the gap") {
  Story story;
  story.begin();
  story.submit(wire::AddWatchRequest{"/p", 0});
  story.reply(1, 1, wire::ErrorReply{});
  story.submit(wire::AddWatchRequest{"/r", 1});
  story.reply(2, 1, wire::ErrorReply{});
  CHECK(story.event(wire::EventType::node_deleted, "/p") == "node deleted /p #1");
  CHECK(story.event(wire::EventType::node_created, "/r") == "node created /r #2");
  CHECK(after_loss(story) ==
        "connected | -8 setWatches2 since 1 persistent=/p recursive=/r | gap /p #1 | gap /r #2");
  story.reply(wire::set_watches_xid);
  CHECK(story.drop_watch(1) == "3 removeWatches /p kind 3");
  story.reply(3, 2);
  CHECK(after_loss(story) == "connected | -8 setWatches2 since 2 recursive=/r | gap /r #2");
}

TEST_CASE("an event goes to every watch that it concerns, and to no other") {
  Story story;
  story.begin();
  story.submit(wire::AddWatchRequest{"/", 1});
  story.reply(1, 1, wire::ErrorReply{});
  story.submit(wire::AddWatchRequest{"/a", 0});
  story.reply(2, 1, wire::ErrorReply{});
  story.submit(wire::GetDataRequest{"/a", true});
  story.reply(3, 1, wire::GetDataReply{});
  story.submit(wire::GetDataRequest{"/a", true});
  story.reply(4, 1, wire::GetDataReply{});
  story.submit(wire::GetChildrenRequest{wire::OpCode::get_children2, "/a", true});
  story.reply(5, 1, wire::Children2Reply{});
  CHECK(story.event(wire::EventType::node_created, "/a/b") == "node created /a/b #1");
  CHECK(story.event(wire::EventType::node_children_changed, "/a") == "children changed /a #2 #5");
  CHECK(story.event(wire::EventType::node_data_changed, "/a") == "data changed /a #1 #2 #3 #4");
  CHECK(story.event(wire::EventType::node_deleted, "/a") == "node deleted /a #1 #2");
  CHECK(story.event(wire::EventType::node_deleted, "/ab") == "node deleted /ab #1");
}

TEST_CASE("the last watch of a path takes it away from the server") {
  Story story;
  story.begin();
  story.submit(wire::GetDataRequest{"/a", true});
  story.reply(1, 1, wire::GetDataReply{});
  story.submit(wire::ExistsRequest{"/a", true});
  story.reply(2, 1, wire::StatReply{});
  CHECK(story.drop_watch(1) == "");
  CHECK(story.drop_watch(2) == "3 removeWatches /a kind 3");
  CHECK(story.drop_watch(2) == "");
  // A refusal is no harm: nobody is told of what such a watch still says.
  CHECK(story.reply(3, 2, {}, ErrorCode::no_watcher) == "");
  CHECK(story.event(wire::EventType::node_data_changed, "/a") == "data changed /a");
}

TEST_CASE("a watch that has fired need not be taken away") {
  Story story;
  story.begin();
  story.submit(wire::GetDataRequest{"/a", true});
  story.reply(1, 1, wire::GetDataReply{});
  story.event(wire::EventType::node_data_changed, "/a");
  CHECK(story.drop_watch(1) == "");
}

TEST_CASE("a watch is not taken away while another is being set on its path") {
  Story story;
  story.begin();
  story.submit(wire::GetDataRequest{"/a", true});
  story.reply(1, 1, wire::GetDataReply{});
  CHECK(story.submit(wire::GetDataRequest{"/a", true}) == "2 get /a");
  CHECK(story.drop_watch(1) == "");
  CHECK(story.reply(2, 1, wire::GetDataReply{}) == "done 2 ok");
  CHECK(story.event(wire::EventType::node_data_changed, "/a") == "data changed /a #2");

  Story failing;
  failing.begin();
  failing.submit(wire::GetDataRequest{"/a", true});
  failing.reply(1, 1, wire::GetDataReply{});
  failing.submit(wire::GetDataRequest{"/a", true});
  failing.drop_watch(1);
  CHECK(failing.reply(2, 1, {}, ErrorCode::no_auth) ==
        "done 2 permission denied | 3 removeWatches /a kind 3");
}

TEST_CASE("what is dropped comes before what is set later") {
  SessionConfig config;
  config.max_in_flight = 1;
  Story story(config);
  story.begin();
  story.submit(wire::AddWatchRequest{"/a", 0});
  story.reply(1, 1, wire::ErrorReply{});
  story.submit(wire::SyncRequest{"/"});
  CHECK(story.drop_watch(1) == "");
  CHECK(story.submit(wire::AddWatchRequest{"/a", 0}) == "");
  CHECK(story.reply(2, 1, wire::PathReply{}) == "done 2 ok | 3 removeWatches /a kind 3");
  CHECK(story.reply(3, 1) == "4 watch /a");
}

TEST_CASE("a persistent watch that is dropped beside others is taken away by its kind") {
  Story story;
  story.begin();
  story.submit(wire::AddWatchRequest{"/a", 0});
  story.reply(1, 1, wire::ErrorReply{});
  story.submit(wire::AddWatchRequest{"/a", 1});
  story.reply(2, 1, wire::ErrorReply{});
  story.submit(wire::GetDataRequest{"/a", true});
  story.reply(3, 1, wire::GetDataReply{});
  CHECK(story.drop_watch(1) == "4 removeWatches /a kind 4");
  // ZooKeeper 3.8 does not know that kind.
  CHECK(story.reply(4, 1, {}, ErrorCode::marshalling_error) == "");
  CHECK(story.drop_watch(2) == "5 removeWatches /a kind 5");
  CHECK(story.event(wire::EventType::node_data_changed, "/a") ==
        "data changed /a #3 | 6 removeWatches /a kind 3");
}

TEST_CASE("without a connection there is nothing to take away") {
  Story story;
  story.begin();
  story.submit(wire::GetDataRequest{"/a", true});
  story.reply(1, 1, wire::GetDataReply{});
  story.lost();
  CHECK(story.drop_watch(1) == "");
  CHECK(story.come_back() == "connected");
}

TEST_CASE("a read that was withdrawn leaves no watch") {
  Story story;
  story.begin();
  story.submit(wire::GetDataRequest{"/a", true});
  CHECK(story.withdraw(1) == "");
  CHECK(story.reply(1, 1, wire::GetDataReply{}) == "2 removeWatches /a kind 3");
  CHECK(story.event(wire::EventType::node_data_changed, "/a") == "data changed /a");
}

TEST_CASE("a server that refuses the watches is left: they must not be lost in silence") {
  Story story;
  story.begin();
  story.submit(wire::AddWatchRequest{"/p", 0});
  story.reply(1, 1, wire::ErrorReply{});
  after_loss(story);
  CHECK(story.reply(wire::set_watches_xid, 0, {}, ErrorCode::unimplemented) == "disconnect | connecting");
}

TEST_CASE("many watches are set in several requests") {
  WatchRegistry registry;
  const std::string long_name(1'000, 'x');
  const auto set = [&](WatchId id, const wire::Request& request) {
    registry.expected(request);
    registry.answered(id, request, ErrorCode::ok, true);
  };
  for (WatchId id = 0; id < 1'000; ++id)
    set(id, wire::GetDataRequest{"/" + std::to_string(id) + long_name, true});
  set(1'000, wire::AddWatchRequest{"/p", 0});
  std::size_t paths = 0;
  const auto requests = registry.requests(Zxid{3});
  CHECK(requests.size() == 8);
  for (const auto& request : requests) {
    CHECK(request.relative_zxid == Zxid{3});
    CHECK(wire::encode_request(Xid{1}, request).size() < WatchRegistry::batch_bytes + 4'096);
    paths += request.data.size() + request.persistent.size();
  }
  CHECK(paths == 1'001);
  CHECK(requests.back().type == wire::OpCode::set_watches2);
  CHECK(requests.front().type == wire::OpCode::set_watches);
}
