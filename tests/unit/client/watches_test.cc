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
  CHECK(story.event(wire::EventType::node_data_changed, "/data") == "data changed /data");
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

TEST_CASE("persistent watches stay until they are removed, and ask for the newer operation") {
  Story story;
  story.begin();
  story.submit(wire::AddWatchRequest{"/p", 0});
  story.reply(1, 1, wire::ErrorReply{});
  story.submit(wire::AddWatchRequest{"/r", 1});
  story.reply(2, 1, wire::ErrorReply{});
  story.event(wire::EventType::node_deleted, "/p");
  story.event(wire::EventType::node_created, "/r");
  CHECK(after_loss(story) == "connected | -8 setWatches2 since 1 persistent=/p recursive=/r");
  story.reply(wire::set_watches_xid);
  story.submit(wire::WatchesRequest{wire::OpCode::remove_watches, "/p", 4});
  story.reply(3, 2);
  CHECK(after_loss(story) == "connected | -8 setWatches2 since 2 recursive=/r");
}

TEST_CASE("a server that refuses the watches is left: they must not be lost in silence") {
  Story story;
  story.begin();
  story.submit(wire::AddWatchRequest{"/p", 0});
  story.reply(1, 1, wire::ErrorReply{});
  after_loss(story);
  CHECK(story.reply(wire::set_watches_xid, 0, {}, ErrorCode::unimplemented) == "disconnect | disconnected");
}

TEST_CASE("many watches are set in several requests") {
  WatchTable table;
  const std::string long_name(1'000, 'x');
  for (int i = 0; i < 1'000; ++i) {
    table.answered(wire::GetDataRequest{"/" + std::to_string(i) + long_name, true}, ErrorCode::ok);
  }
  table.answered(wire::AddWatchRequest{"/p", 0}, ErrorCode::ok);
  std::size_t paths = 0;
  const auto requests = table.requests(Zxid{3});
  CHECK(requests.size() == 8);
  for (const auto& request : requests) {
    CHECK(request.relative_zxid == Zxid{3});
    CHECK(wire::encode_request(Xid{1}, request).size() < WatchTable::batch_bytes + 4'096);
    paths += request.data.size() + request.persistent.size();
  }
  CHECK(paths == 1'001);
  CHECK(requests.back().type == wire::OpCode::set_watches2);
  CHECK(requests.front().type == wire::OpCode::set_watches);
}
