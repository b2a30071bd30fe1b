// Each operation's errors and the order of its checks, Stat, names and changes.
#include <algorithm>

#include "tests/unit/tree/world.h"

namespace muster::tree::test {
namespace {

using wire::OpCode;
using wire::create_flags::ephemeral;
using wire::create_flags::ephemeral_sequential;
using wire::create_flags::sequential;

wire::CreateRequest typed(OpCode type, std::string path, std::int32_t flags) {
  wire::CreateRequest request = World::creation(std::move(path), flags);
  request.type = type;
  return request;
}

// A parent that permits nothing, an ephemeral, a node with a child.
struct Furnished : World {
  Furnished() {
    create("/closed", 0, world_may(perm::read));
    create("/ephemeral", ephemeral);
    create("/full");
    create("/full/child");
  }
};

}  // namespace

TEST_CASE("create: the first check that fails decides") {
  Furnished world;
  const std::vector<Acl> none;
  const struct {
    const char* why;
    wire::CreateRequest request;
    ErrorCode error;
  } table[] = {
      {"unknown flags before the path", World::creation("nowhere", 7), ErrorCode::bad_arguments},
      {"negative flags", World::creation("/x", -1), ErrorCode::bad_arguments},
      {"TTL is off, before the path", typed(OpCode::create_ttl, "nowhere", 5), ErrorCode::unimplemented},
      {"TTL flag in a plain create", World::creation("/x", 6), ErrorCode::unimplemented},
      {"TTL operation without TTL flag", typed(OpCode::create_ttl, "/x", 0), ErrorCode::bad_arguments},
      {"no slash, before the ACL", World::creation("x", 0, none), ErrorCode::bad_arguments},
      {"NUL", World::creation(std::string("/x\0", 3)), ErrorCode::bad_arguments},
      {"empty path", World::creation(""), ErrorCode::bad_arguments},
      {"ACL before the parent", World::creation("/no/x", 0, none), ErrorCode::invalid_acl},
      {"parent before the rest of the path", World::creation("/no/.."), ErrorCode::no_node},
      {"a parent's name is not tidied up", World::creation("/full/./x"), ErrorCode::no_node},
      {"permission before the path", World::creation("/closed/.."), ErrorCode::no_auth},
      {"permission", World::creation("/closed/x"), ErrorCode::no_auth},
      {"path before existence", World::creation("/full/"), ErrorCode::bad_arguments},
      {"path", World::creation("/full/\x01"), ErrorCode::bad_arguments},
      {"path under a slash", World::creation("//x"), ErrorCode::bad_arguments},
      {"existence", World::creation("/full/child"), ErrorCode::node_exists},
      {"the root exists", World::creation("/"), ErrorCode::node_exists},
      {"ephemeral parent", World::creation("/ephemeral/x"), ErrorCode::no_children_for_ephemerals},
      {"path before ephemeral parent", World::creation("/ephemeral/."), ErrorCode::bad_arguments},
  };
  for (const auto& row : table) {
    INFO(row.why);
    const std::uint64_t before = world.tree.digest();
    const Outcome outcome = world.write(row.request);
    CHECK(outcome.reply.error == row.error);
    CHECK(outcome.zxid == Zxid{world.zxid});
    CHECK(outcome.changes.empty());
    CHECK(world.tree.digest() == before);
  }
}

TEST_CASE("delete: the first check that fails decides") {
  Furnished world;
  world.create("/closed2", 0, world_may(perm::all));
  const struct {
    const char* why;
    wire::DeleteRequest request;
    ErrorCode error;
  } table[] = {
      {"root", {"/", -1}, ErrorCode::bad_arguments},
      {"reserved", {"/zookeeper", -1}, ErrorCode::bad_arguments},
      {"reserved quota", {"/zookeeper/quota", -1}, ErrorCode::bad_arguments},
      {"reserved config", {"/zookeeper/config", -1}, ErrorCode::bad_arguments},
      {"no slash", {"x", -1}, ErrorCode::bad_arguments},
      {"NUL", {std::string("/x\0", 3), -1}, ErrorCode::bad_arguments},
      {"parent", {"/no/x", -1}, ErrorCode::no_node},
      {"permission on the parent before existence", {"/closed/x", -1}, ErrorCode::no_auth},
      {"existence", {"/full/x", -1}, ErrorCode::no_node},
      {"not a name", {"/full/", -1}, ErrorCode::no_node},
      {"version before children", {"/full", 1}, ErrorCode::bad_version},
      {"negative version", {"/full", -2}, ErrorCode::bad_version},
      {"children", {"/full", 0}, ErrorCode::not_empty},
  };
  for (const auto& row : table) {
    INFO(row.why);
    CHECK(world.error_of(row.request) == row.error);
  }
  // The node's own list does not protect it; its parent's does.
  CHECK(world.error_of(wire::DeleteRequest{"/closed", 0}) == ErrorCode::ok);
}

TEST_CASE("setData, setACL and check: the first check that fails decides") {
  Furnished world;
  const std::optional<std::vector<Acl>> none, open = open_acl();
  CHECK(world.error_of(wire::SetDataRequest{"/full/", "x", -1}) == ErrorCode::bad_arguments);
  CHECK(world.error_of(wire::SetDataRequest{"/no", "x", -1}) == ErrorCode::no_node);
  CHECK(world.error_of(wire::SetDataRequest{"/closed", "x", 9}) == ErrorCode::no_auth);
  CHECK(world.error_of(wire::SetDataRequest{"/full", "x", 9}) == ErrorCode::bad_version);
  CHECK(world.error_of(wire::SetDataRequest{"/zookeeper/config", "x", -1}) == ErrorCode::no_auth);

  CHECK(world.error_of(wire::SetAclRequest{"/full/", none, -1}) == ErrorCode::bad_arguments);
  CHECK(world.error_of(wire::SetAclRequest{"/no", none, -1}) == ErrorCode::invalid_acl);
  CHECK(world.error_of(wire::SetAclRequest{"/no", open, -1}) == ErrorCode::no_node);
  CHECK(world.error_of(wire::SetAclRequest{"/closed", open, 9}) == ErrorCode::no_auth);
  CHECK(world.error_of(wire::SetAclRequest{"/full", open, 9}) == ErrorCode::bad_version);

  world.create("/unreadable", 0, world_may(perm::write));
  const auto check = [&](const std::string& path, std::int32_t version) {
    const Outcome outcome = world.write(wire::MultiRequest{{wire::CheckVersionRequest{path, version}}});
    return std::get<wire::MultiReply>(outcome.reply.body).results.at(0).error;
  };
  CHECK(check("/full/", 0) == ErrorCode::bad_arguments);
  CHECK(check("/no", 0) == ErrorCode::no_node);
  CHECK(check("/unreadable", 9) == ErrorCode::no_auth);
  CHECK(check("/full", 9) == ErrorCode::bad_version);
  CHECK(check("/full", 0) == ErrorCode::ok);

  world.who.push_back({"super", ""});
  CHECK(world.error_of(wire::SetDataRequest{"/zookeeper/config", "x", -1}) == ErrorCode::ok);
}

TEST_CASE("each operation changes just its part of Stat") {
  World world;
  world.time_ms = 50;
  const Outcome created = world.write(typed(OpCode::create2, "/a", 0));
  const Zxid made{world.zxid};
  CHECK(text(created.changes) == "created /a, children /");
  Stat stat = std::get<wire::Create2Reply>(created.reply.body).stat;
  CHECK(stat == world.stat("/a"));
  CHECK(stat == Stat{made, made, 50, 50, 0, 0, 0, {}, 4, 0, made});

  world.time_ms = 60;
  const Outcome set = world.write(wire::SetDataRequest{"/a", std::nullopt, 0});
  CHECK(text(set.changes) == "data /a");
  const Zxid changed{world.zxid};
  CHECK(std::get<wire::StatReply>(set.reply.body).stat ==
        Stat{made, changed, 50, 60, 1, 0, 0, {}, 0, 0, made});
  CHECK(!world.tree.data("/a")->data.has_value());

  const Outcome acl = world.write(wire::SetAclRequest{"/a", world_may(perm::all), 0});
  CHECK(acl.changes.empty());
  CHECK(std::get<wire::StatReply>(acl.reply.body).stat ==
        Stat{made, changed, 50, 60, 1, 0, 1, {}, 0, 0, made});

  world.create("/a/b");
  const Zxid child{world.zxid};
  CHECK(world.stat("/a") == Stat{made, changed, 50, 60, 1, 1, 1, {}, 0, 1, child});
  CHECK(text(world.write(wire::DeleteRequest{"/a/b", -1}).changes) == "deleted /a/b, children /a");
  CHECK(world.stat("/a") == Stat{made, changed, 50, 60, 1, 2, 1, {}, 0, 0, Zxid{world.zxid}});
}

TEST_CASE("the reserved nodes show ZooKeeper's numbers") {
  World world;
  CHECK(world.stat("/") == Stat{{}, {}, 0, 0, 0, -1, 0, {}, 0, 1, {}});
  CHECK(world.stat("/zookeeper") == Stat{{}, {}, 0, 0, 0, -2, 0, {}, 0, 2, {}});
  CHECK(world.stat("/zookeeper/config") == Stat{{}, {}, 0, 0, 0, 0, -1, {}, 0, 0, {}});
  CHECK(world.tree.children("/zookeeper") == std::vector<std::string>{"config", "quota"});
  CHECK(world.tree.data("/zookeeper/config")->data == "");
  CHECK(std::get<wire::CountReply>(world.tree.get_all_children_number("/", world.who).body).count == 3);
}

TEST_CASE("sequential names come of the parent's count of creates") {
  World world;
  world.create("/p");
  CHECK(world.create("/p/a", sequential) == "/p/a0000000000");
  world.create("/p/plain");
  CHECK(world.create("/p/b", ephemeral_sequential) == "/p/b0000000002");
  CHECK(world.write(wire::DeleteRequest{"/p/plain", -1}).reply.error == ErrorCode::ok);
  CHECK(world.error_of(World::creation("/p/b0000000002")) == ErrorCode::node_exists);
  CHECK(world.create("/p/", sequential) == "/p/0000000003");
  CHECK(std::get<wire::Create2Reply>(
            world.write(typed(OpCode::create_container, "/p/c", sequential)).reply.body)
            .path == "/p/c0000000004");
  CHECK(world.create("/r", sequential) == "/r0000000001");
}

TEST_CASE("a container owns itself and may have children") {
  World world;
  const Outcome made = world.write(typed(OpCode::create_container, "/c", ephemeral));
  CHECK(std::get<wire::Create2Reply>(made.reply.body).stat.ephemeral_owner == SessionId{});
  world.create("/c/child");
  // Outside a multi a plain create with the container flag makes an ordinary node.
  world.create("/plain", wire::create_flags::container);
}

TEST_CASE("a multi is all or nothing and later operations see earlier ones") {
  World world;
  world.create("/gone", ephemeral);
  const std::uint64_t before = world.tree.digest();

  const Outcome failed = world.write(wire::MultiRequest{
      {World::creation("/a"), World::creation("/a/s", ephemeral_sequential),
       wire::SetDataRequest{"/a", "x", 0}, wire::DeleteRequest{"/gone", -1}, World::creation("/gone"),
       wire::DeleteRequest{"/gone", -1}, wire::CheckVersionRequest{"/a", 7}, World::creation("/b")}});
  CHECK(failed.reply.error == ErrorCode::ok);
  CHECK(failed.changes.empty());
  std::vector<ErrorCode> errors;
  for (const auto& result : std::get<wire::MultiReply>(failed.reply.body).results) {
    CHECK(result.type == OpCode::error);
    errors.push_back(result.error);
  }
  CHECK(errors == std::vector<ErrorCode>{ErrorCode::ok, ErrorCode::ok, ErrorCode::ok, ErrorCode::ok,
                                         ErrorCode::ok, ErrorCode::ok, ErrorCode::bad_version,
                                         ErrorCode::runtime_inconsistency});
  CHECK(world.tree.digest() == before);
  CHECK(world.tree.ephemerals(world.session) == std::vector<std::string>{"/gone"});

  const Outcome done = world.write(wire::MultiRequest{
      {World::creation("/a"), typed(OpCode::create2, "/a/b", 0), typed(OpCode::create_container, "/a/c", 4),
       wire::SetDataRequest{"/a", "x", 0}, wire::SetDataRequest{"/a", "y", 1},
       wire::CheckVersionRequest{"/a", 2}, wire::DeleteRequest{"/a/b", 0}}});
  CHECK(text(done.changes) ==
        "created /a, children /, created /a/b, children /a, created /a/c, children /a, data /a, data /a, "
        "deleted /a/b, "
        "children /a");
  std::vector<OpCode> types;
  for (const auto& result : std::get<wire::MultiReply>(done.reply.body).results) types.push_back(result.type);
  CHECK(types == std::vector<OpCode>{OpCode::create, OpCode::create2, OpCode::create2, OpCode::set_data,
                                     OpCode::set_data, OpCode::check, OpCode::remove});
  CHECK(world.stat("/a").cversion == 3);
  CHECK(world.create("/a/n", sequential) == "/a/n0000000002");
}

TEST_CASE("an empty multi, and multis refused as a whole") {
  World world;
  CHECK(world.write(wire::MultiRequest{}).reply == wire::Reply{ErrorCode::ok, wire::MultiReply{}});
  wire::CreateRequest no_acl = World::creation("/a");
  no_acl.acl.reset();
  CHECK(world.error_of(wire::MultiRequest{{no_acl}}) == ErrorCode::marshalling_error);
  CHECK(world.error_of(wire::MultiRequest{{World::creation("/a", 5)}}) == ErrorCode::marshalling_error);
}

TEST_CASE("a failed multi gives sequence numbers back") {
  World world;
  world.create("/p");
  world.write(wire::MultiRequest{{World::creation("/p/s", sequential), World::creation("/no/x")}});
  CHECK(world.stat("/p").cversion == 0);
  CHECK(world.create("/p/s", sequential) == "/p/s0000000000");
}

TEST_CASE("changes carry the list that decides who may hear of them") {
  World world;
  const std::vector<Acl> mine = world_may(perm::read | perm::write);
  const Outcome created = world.write(World::creation("/a", 0, mine));
  CHECK(*created.changes.at(0).acl == mine);
  CHECK(*created.changes.at(1).acl == open_acl());
  const Outcome deleted = world.write(wire::DeleteRequest{"/a", -1});
  CHECK(*deleted.changes.at(0).acl == mine);  // from before the deletion
  CHECK(*deleted.changes.at(1).acl == open_acl());
}

TEST_CASE("a thousand children stay in order") {
  World world;
  world.create("/d");
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) names.push_back("n" + std::to_string(i * 7919 % 3001));
  for (const std::string& name : names) {
    REQUIRE(
        world.tree.apply(world.stamp(), {world.session, world.owner, {}, {}, World::creation("/d/" + name)})
            .reply.error == ErrorCode::ok);
  }
  for (std::size_t i = 0; i < names.size(); i += 3) {
    REQUIRE(world.tree
                .apply(world.stamp(),
                       {world.session, world.owner, {}, {}, wire::DeleteRequest{"/d/" + names[i], -1}})
                .reply.error == ErrorCode::ok);
    names[i].clear();
  }
  names.erase(std::remove(names.begin(), names.end(), ""), names.end());
  std::sort(names.begin(), names.end());
  CHECK(world.tree.children("/d") == names);
  CHECK(world.stat("/d").num_children == 2000);
  CHECK(world.tree.digest() == world.tree.recompute_digest());
}

}  // namespace muster::tree::test
