// What has to change in a tree so that it is another: done in one multi, it is; ephemerals are nobody's to restore.
#include "server/data/difference.h"

#include <catch2/catch.hpp>

#include "server/data/data.h"

using namespace muster;
using namespace muster::data;

namespace {

const std::vector<AuthId> super = {{"super", ""}};

struct World {
  tree::Tree tree;
  SessionId session;
  std::int64_t zxid = 1;

  World() {
    tree::Command open;
    open.operation = tree::OpenSession{ServerId{1}, 10'000, 5};
    session = tree.apply({Zxid{1}, 5000, 1}, open).session->session;
  }
  wire::Reply apply(tree::Operation operation) {
    tree::Command command;
    command.session = session;
    command.owner = Zxid{1};
    command.xid = Xid{static_cast<std::int32_t>(zxid)};
    command.identities = super;
    command.operation = std::move(operation);
    return tree.apply({Zxid{++zxid}, 5000, 1}, command).reply;
  }
  World& create(const std::string& path, const std::string& data = "", std::int32_t flags = 0) {
    const auto type =
        flags == wire::create_flags::container ? wire::OpCode::create_container : wire::OpCode::create;
    REQUIRE(apply(wire::CreateRequest{type, path, data, open_acl(), flags, 0}).error == ErrorCode::ok);
    return *this;
  }
  World& set(const std::string& path, const std::string& data) {
    REQUIRE(apply(wire::SetDataRequest{path, data, -1}).error == ErrorCode::ok);
    return *this;
  }
  World& remove(const std::string& path) {
    REQUIRE(apply(wire::DeleteRequest{path, -1}).error == ErrorCode::ok);
    return *this;
  }
  // False: refused, and nothing done.
  bool put_in(const Difference& difference) {
    const wire::Reply reply = apply(wire::MultiRequest{difference.steps});
    for (const auto& result : std::get<wire::MultiReply>(reply.body).results)
      if (result.error != ErrorCode::ok) return false;
    for (const auto& list : difference.lists) REQUIRE(apply(list).error == ErrorCode::ok);
    return true;
  }
};

const std::int32_t ephemeral = wire::create_flags::ephemeral;

}  // namespace

TEST_CASE("a tree becomes what another is, in one multi") {
  World wanted, live;
  wanted.create("/a", "1").create("/a/b", "2").create("/a/b/c", "3").create("/a/keep", "4");
  wanted.create("/box", "", wire::create_flags::container).create("/other", "x");
  live.create("/a", "1")
      .create("/a/keep", "changed")
      .create("/a/new", "")
      .create("/a/new/er", "")
      .create("/other", "y");
  const Difference below = difference(wanted.tree, live.tree, "/a");
  CHECK(below.created == 2);
  CHECK(below.changed == 1);
  CHECK(below.removed == 2);
  REQUIRE(live.put_in(below));
  CHECK(live.tree.data("/other")->data == "y");  // outside
  CHECK(difference(wanted.tree, live.tree, "/a").empty());
  REQUIRE(live.put_in(difference(wanted.tree, live.tree, "/")));
  CHECK(difference(wanted.tree, live.tree, "/").empty());
  CHECK(live.tree.data("/a/b/c")->data == "3");
  CHECK(live.tree.data("/box")->container);
  CHECK_FALSE(live.tree.stat("/a/new"));
}

TEST_CASE("null and empty data differ") {
  World wanted, live;
  REQUIRE(
      wanted.apply(wire::CreateRequest{wire::OpCode::create, "/a", std::nullopt, open_acl(), 0, 0}).error ==
      ErrorCode::ok);
  live.create("/a", "");
  REQUIRE(live.put_in(difference(wanted.tree, live.tree, "/a")));
  CHECK_FALSE(live.tree.data("/a")->data.has_value());
}

TEST_CASE("what is missing above the path is created, and nothing else there") {
  World wanted, live;
  wanted.create("/a", "1").create("/a/b", "2").create("/a/b/c", "3").create("/a/beside", "");
  REQUIRE(live.put_in(difference(wanted.tree, live.tree, "/a/b/c")));
  CHECK(live.tree.data("/a/b")->data == "2");
  CHECK(live.tree.data("/a/b/c")->data == "3");
  CHECK_FALSE(live.tree.stat("/a/beside"));
}

TEST_CASE("access lists are put back, one by one") {
  World wanted, live;
  const std::vector<Acl> read_only = read_only_acl();
  wanted.create("/a");
  REQUIRE(wanted.apply(wire::SetAclRequest{"/a", read_only, -1}).error == ErrorCode::ok);
  REQUIRE(wanted.apply(wire::CreateRequest{wire::OpCode::create, "/b", "", read_only, 0, 0}).error ==
          ErrorCode::ok);
  live.create("/a");
  const Difference difference = data::difference(wanted.tree, live.tree, "/");
  CHECK(difference.lists.size() == 1);
  REQUIRE(live.put_in(difference));
  CHECK(data::difference(wanted.tree, live.tree, "/").empty());
  const wire::Reply b = live.tree.get_acl("/b", super);
  CHECK(std::get<wire::GetAclReply>(b.body).acl == read_only);
}

TEST_CASE("live ephemerals stay, with what they stand in; those of the backup do not come back") {
  World wanted, live;
  wanted.create("/a").create("/a/gone", "", ephemeral).create("/a/place", "").create("/a/place/below", "");
  live.create("/a").create("/a/lock", "").create("/a/lock/x", "").create("/a/lock/mine", "", ephemeral);
  live.create("/a/place", "", ephemeral);
  const Difference difference = data::difference(wanted.tree, live.tree, "/a");
  CHECK(difference.spared == 3);    // /a/lock/mine, /a/lock, /a/place
  CHECK(difference.left_out == 2);  // /a/place, /a/place/below
  CHECK(difference.removed == 1);
  REQUIRE(live.put_in(difference));
  CHECK(live.tree.stat("/a/lock/mine"));
  CHECK_FALSE(live.tree.stat("/a/lock/x"));
  CHECK_FALSE(live.tree.stat("/a/gone"));
  CHECK(data::difference(wanted.tree, live.tree, "/a").empty());
}

TEST_CASE("whoever wrote meanwhile is noticed, and nothing is done") {
  World wanted, live;
  wanted.create("/a").create("/a/b", "2").create("/a/c", "3");
  live.create("/a").create("/a/b", "old").create("/a/gone", "");
  const Difference before = difference(wanted.tree, live.tree, "/a");
  SECTION("another value") { live.set("/a/b", "newer"); }
  SECTION("a new child below what goes") { live.create("/a/gone/child"); }
  SECTION("it is there already") { live.create("/a/c"); }
  SECTION("it is gone already") { live.remove("/a/gone"); }
  SECTION("what goes was written to") { live.set("/a/gone", "x"); }
  const tree::Tree as_it_was = live.tree;
  CHECK_FALSE(live.put_in(before));
  CHECK(difference(as_it_was, live.tree, "/").empty());
}

TEST_CASE("steps go into as few multis as their frames allow") {
  std::vector<wire::MultiOp> steps;
  for (int i = 0; i < 100; ++i)
    steps.emplace_back(wire::SetDataRequest{"/" + std::to_string(i), std::string(100, 'x'), 1});
  std::size_t count = 0;
  for (const wire::MultiRequest& multi : in_multis(steps, 1000)) {
    CHECK(wire::encode_request(Xid{1}, multi).size() <= 1000);
    count += multi.ops.size();
  }
  CHECK(count == 100);
  CHECK(in_multis(steps, 100'000).size() == 1);
  CHECK(in_multis(steps, 10).size() == 100);
  CHECK(in_multis({}, 10).empty());
}

TEST_CASE("what can't be restored is said") {
  World wanted, live;
  wanted.create("/a").create("/a/mine", "", ephemeral);
  CHECK_THROWS_AS(difference(wanted.tree, live.tree, "/b"), Bad);
  CHECK_THROWS_AS(difference(wanted.tree, live.tree, "/a/mine"), Bad);
  CHECK_THROWS_AS(difference(wanted.tree, live.tree, "/zookeeper"), Bad);
}
