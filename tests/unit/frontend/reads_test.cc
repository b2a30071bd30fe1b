#include "server/frontend/reads.h"

#include <catch2/catch.hpp>

#include "tests/unit/frontend/front.h"

using namespace muster;
using namespace muster::test;
namespace wire = muster::wire;

TEST_CASE("a read arms its watch, which fires once") {
  Front front = Front::open();
  front.other(create("/a"));
  front.ask(get("/a", true));
  front.other(set("/a", "x"));
  front.other(set("/a", "y"));
  CHECK(front.said() == Lines{"1 ok data=", "event node_data_changed /a"});
  CHECK(front.client.zxids.back() == Zxid{front.zxid.value - 1});
}

TEST_CASE("exists leaves a watch on a missing node; failed reads of other kinds leave none") {
  Front front = Front::open();
  front.ask(exists("/a", true));
  front.ask(get("/b", true));
  front.ask(children("/c", true));
  front.other(create("/a"));
  front.other(create("/b"));
  front.other(create("/c"));
  CHECK(front.said() == Lines{"1 error -101", "2 error -101", "3 error -101", "event node_created /a"});
}

TEST_CASE("a child watch sees children come and the node go") {
  Front front = Front::open();
  front.other(create("/a"));
  front.ask(children("/a", true));
  front.other(create("/a/1"));
  front.ask(children("/a", true));
  front.other(wire::DeleteRequest{"/a/1", -1});
  front.ask(children("/a", true));
  front.other(wire::DeleteRequest{"/a", -1});
  CHECK(front.said() == Lines{"1 ok children=", "event node_children_changed /a", "2 ok children=1",
                              "event node_children_changed /a", "3 ok children=", "event node_deleted /a"});
}

TEST_CASE("addWatch, checkWatches, removeWatches") {
  Front front = Front::open();
  front.ask(wire::AddWatchRequest{"/a", 0});
  front.ask(wire::AddWatchRequest{"/r", 1});
  front.ask(wire::AddWatchRequest{"/r", 2});
  CHECK(front.said() == Lines{"1 ok code=0", "2 ok code=0", "3 error -5"});
  const auto check = [&](const char* path, std::int32_t kind) {
    front.ask(wire::WatchesRequest{wire::OpCode::check_watches, path, kind});
    return front.said().at(0).substr(2) == "ok";
  };
  CHECK(check("/a", 4));
  CHECK(check("/a", 3));
  CHECK_FALSE(check("/a", 5));
  CHECK(check("/r", 5));
  front.other(create("/r"));
  front.other(create("/r/x"));
  CHECK(front.said() == Lines{"event node_created /r", "event node_created /r/x"});
  front.ask(wire::WatchesRequest{wire::OpCode::remove_watches, "/r", 3});
  front.other(create("/r/y"));
  CHECK(front.said().at(0).find("ok") != std::string::npos);
  CHECK(front.said().empty());
  front.ask(wire::WatchesRequest{wire::OpCode::remove_watches, "/r", 3});
  CHECK(front.said().at(0).find("error -121") != std::string::npos);
  front.ask(wire::WatchesRequest{wire::OpCode::remove_watches, "/r", 9});
  CHECK(front.said().at(0).find("error -5") != std::string::npos);
}

TEST_CASE("setWatches tells what was missed before its reply, with zxid -1, and sets the rest") {
  Front front = Front::open();
  for (const char* path : {"/same", "/changed", "/parent", "/quiet"}) front.other(create(path));
  const Zxid seen = front.zxid;
  front.other(set("/changed", "x"));
  front.other(create("/parent/child"));
  front.other(create("/appeared"));
  front.ask(wire::SetWatchesRequest{wire::OpCode::set_watches2,
                                    seen,
                                    {"/same", "/changed", "/gone"},
                                    {"/absent", "/appeared"},
                                    {"/quiet", "/parent", "/gone"},
                                    {"/p"},
                                    {"/pr"}});
  CHECK(front.said() == Lines{"event node_data_changed /changed", "event node_deleted /gone",
                              "event node_created /appeared", "event node_children_changed /parent",
                              "event node_deleted /gone", "1 ok"});
  CHECK(std::vector<Zxid>(front.client.zxids.begin(), front.client.zxids.begin() + 5) ==
        std::vector<Zxid>(5, Zxid{-1}));
  CHECK(front.client.zxids.back() == front.zxid);

  front.other(set("/same", "x"));
  front.other(set("/changed", "y"));
  front.other(create("/absent"));
  front.other(create("/quiet/1"));
  front.other(create("/parent/2"));
  front.other(create("/p"));
  front.other(create("/pr"));
  CHECK(front.said() == Lines{"event node_data_changed /same", "event node_created /absent",
                              "event node_children_changed /quiet", "event node_created /p",
                              "event node_created /pr"});
}

TEST_CASE("getACL masks digests for those who may not administer") {
  Front front = Front::open();
  wire::CreateRequest secret = create("/a");
  secret.acl = std::vector<Acl>{{perm::read, {"world", "anyone"}},
                                {perm::all, {"digest", "u:smGaoVKd/cQkjm7b88GyorAUz20="}}};
  wire::CreateRequest mine = create("/u");
  mine.acl = std::vector<Acl>{{perm::all, {"digest", "user:smGaoVKd/cQkjm7b88GyorAUz20="}}};
  front.other(secret);
  front.other(mine);
  front.ask(wire::GetAclRequest{"/a"});
  front.ask(wire::GetAclRequest{"/u"});
  front.ask(wire::AuthRequest{0, "digest", "user:pass"});
  front.ask(wire::GetAclRequest{"/u"});
  CHECK(front.said() == Lines{"1 ok world:anyone:1 digest:u:x:31", "2 error -102", "3 ok",
                              "4 ok digest:user:smGaoVKd/cQkjm7b88GyorAUz20=:31"});
}

TEST_CASE("multiRead answers each part for itself") {
  Front front = Front::open();
  front.other(create("/a", "x"));
  front.ask(wire::MultiReadRequest{{get("/a", true), get("/b"), children("/a")}});
  CHECK(front.said() == Lines{"1 ok [0 data=x] [-101] [0 children=]"});
  CHECK(front.watches.size() == 0);
}

TEST_CASE("getEphemerals is about the session, getAllChildrenNumber about all below") {
  Front front = Front::open();
  front.other(create_ephemeral("/theirs"));
  front.ask(create_ephemeral("/mine"));
  front.deliver();
  front.ask(wire::GetEphemeralsRequest{});
  front.ask(wire::GetEphemeralsRequest{"/x"});
  front.ask(wire::GetAllChildrenNumberRequest{"/mine"});
  CHECK(front.said() == Lines{"1 ok path=/mine", "2 ok paths=/mine", "3 ok paths=", "4 ok count=0"});
}
