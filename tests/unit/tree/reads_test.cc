// Reads: their errors, permissions and masking; and who is permitted what.
#include "server/tree/permissions.h"
#include "tests/unit/tree/world.h"

namespace muster::tree::test {
namespace {

const AuthId alice{"digest", "alice:hash"};

}  // namespace

TEST_CASE("reads give ZooKeeper's errors") {
  World world;
  world.create("/a");
  world.create("/a/b");
  world.create("/closed", 0, world_may(perm::all & ~perm::read));
  const auto errors = [&](std::string_view path) {
    const Tree& tree = world.tree;
    return std::vector<ErrorCode>{tree.exists(path, world.who).error, tree.get_data(path, world.who).error,
                                  tree.get_children(path, false, world.who).error,
                                  tree.get_all_children_number(path, world.who).error};
  };
  CHECK(errors("/a") == std::vector<ErrorCode>(4, ErrorCode::ok));
  CHECK(errors("") == std::vector<ErrorCode>(4, ErrorCode::ok));
  CHECK(errors("/closed") == std::vector<ErrorCode>(4, ErrorCode::no_auth));
  for (const char* path : {"/no", "/a/", "//a", "a", "/a//b", "/./a", "b", "/b"}) {
    INFO(path);
    CHECK(errors(path) == std::vector<ErrorCode>(4, ErrorCode::no_node));
  }
  // As in ZooKeeper, exists alone looks for NUL.
  const ErrorCode missing = ErrorCode::no_node;
  CHECK(errors(std::string_view("/a\0", 3)) ==
        std::vector<ErrorCode>{ErrorCode::bad_arguments, missing, missing, missing});
  CHECK(world.tree.stat("") == world.tree.stat("/"));
  CHECK(world.tree.exists("", world.who) == world.tree.exists("/", world.who));
  // ADMIN alone is enough to see the list.
  CHECK(world.tree.get_acl("/closed", world.who).error == ErrorCode::ok);
  CHECK(world.tree.get_acl("/no", world.who).error == ErrorCode::no_node);
}

TEST_CASE("reads give what is there") {
  World world;
  world.create("/a");
  world.create("/a/c");
  world.create("/a/b");
  world.create("/a/b/d");
  CHECK(world.tree.get_data("/a", {}).body == wire::ReplyBody(wire::GetDataReply{"data", world.stat("/a")}));
  CHECK(world.tree.get_children("/a", false, {}).body == wire::ReplyBody(wire::ChildrenReply{{"b", "c"}}));
  CHECK(world.tree.get_children("/a", true, {}).body ==
        wire::ReplyBody(wire::Children2Reply{{"b", "c"}, world.stat("/a")}));
  CHECK(world.tree.get_all_children_number("/a", {}).body == wire::ReplyBody(wire::CountReply{3}));
}

TEST_CASE("ephemerals are listed by a plain prefix") {
  World world;
  world.create("/b", wire::create_flags::ephemeral);
  world.create("/ab", wire::create_flags::ephemeral);
  world.create("/a", wire::create_flags::ephemeral);
  const auto listed = [&](const char* prefix) {
    return std::get<wire::EphemeralsReply>(world.tree.get_ephemerals(world.session, prefix).body).paths;
  };
  CHECK(listed("") == std::vector<std::string>{"/a", "/ab", "/b"});
  CHECK(listed("/") == std::vector<std::string>{"/a", "/ab", "/b"});
  CHECK(listed("/a") == std::vector<std::string>{"/a", "/ab"});
  CHECK(listed("/c").empty());
  CHECK(std::get<wire::EphemeralsReply>(world.tree.get_ephemerals(SessionId{77}, "").body).paths.empty());
}

TEST_CASE("password hashes are shown to administrators only") {
  World world;
  world.who.push_back(alice);
  world.create("/a", 0, {{perm::read, {"world", "anyone"}}, {perm::all, alice}});
  const auto seen_by = [&](const std::vector<AuthId>& who) {
    return *std::get<wire::GetAclReply>(world.tree.get_acl("/a", who).body).acl.at(1).who.id;
  };
  CHECK(seen_by({alice}) == "alice:hash");
  CHECK(seen_by({{"super", ""}}) == "alice:hash");
  CHECK(seen_by({}) == "alice:x");
}

TEST_CASE("permitted") {
  const std::vector<Acl> acl{
      {perm::read, {"world", "anyone"}}, {perm::write, alice}, {perm::admin, {"ip", "10.1.0.0/16"}}};
  CHECK(permitted({}, perm::all, {}));
  CHECK(permitted(acl, perm::read, {}));
  CHECK(permitted(acl, perm::read | perm::admin, {}));  // one of them is enough
  CHECK_FALSE(permitted(acl, perm::write, {}));
  CHECK(permitted(acl, perm::write, {alice}));
  CHECK_FALSE(permitted(acl, perm::write, {{"digest", "alice:other"}}));
  CHECK_FALSE(permitted(acl, perm::write, {{"sasl", "alice:hash"}}));
  CHECK_FALSE(permitted(acl, perm::remove, {alice}));
  CHECK(permitted(acl, perm::remove, {{"super", ""}}));
  CHECK(permitted(acl, perm::admin, {{"ip", "10.1.200.3"}}));
  CHECK_FALSE(permitted(acl, perm::admin, {{"ip", "10.2.0.1"}}));
}

TEST_CASE("addresses") {
  const struct {
    const char *address, *expression;
    bool matches;
  } table[] = {
      {"1.2.3.4", "1.2.3.4", true},    {"1.2.3.4", "1.2.3.5", false},    {"1.2.3.4", "1.2.3.8/30", false},
      {"1.2.3.4", "1.2.3.7/30", true}, {"1.2.3.4", "9.9.9.9/0", true},   {"1.2.3.4", "1.2.3.4/33", false},
      {"1.2.3.4", "001.2.3.4", true},  {"fe80::1", "fe80::/10", true},   {"fe80::1", "::1", false},
      {"1.2.3.4", "::/0", false},      {"nonsense", "0.0.0.0/0", false}, {"::1", "0:0:0:0:0:0:0:1/128", true},
  };
  for (const auto& row : table) {
    INFO(row.address << " by " << row.expression);
    CHECK(ip_matches(row.address, row.expression) == row.matches);
  }
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.", "1.2.3.4/", "1.2.3.4/x",
                          "1.2.3.4/-1", "1.2.3.4/8/8", "a.b.c.d", ":::", "::1/129", "1..2.3"}) {
    INFO(bad);
    CHECK_FALSE(is_valid_ip_expression(bad));
  }
}

TEST_CASE("lists that a client may set, and what becomes of them") {
  const std::vector<AuthId> who{{"ip", "10.0.0.1"}, alice, {"super", ""}, {"digest", "bob:hash"}};
  const auto one = [&](AuthId id) { return resolve_acl(std::vector<Acl>{{1, std::move(id)}}, who); };
  CHECK_FALSE(resolve_acl(std::nullopt, who));
  CHECK_FALSE(resolve_acl(std::vector<Acl>{}, who));
  for (const AuthId& bad : std::vector<AuthId>{{std::nullopt, "x"},
                                               {"world", std::nullopt},
                                               {"world", "someone"},
                                               {"digest", std::nullopt},
                                               {"digest", "u"},
                                               {"digest", "u:"},
                                               {"digest", ":"},
                                               {"digest", "a:b:c"},
                                               {"digest", ""},
                                               {"ip", "host"},
                                               {"super", ""},
                                               {"x509", "CN=x"},
                                               {"sasl", "x"},
                                               {"", ""}}) {
    INFO(bad.scheme.value_or("null") << ":" << bad.id.value_or("null"));
    CHECK_FALSE(one(bad));
  }
  for (const AuthId& good : std::vector<AuthId>{{"world", "anyone"},
                                                {"digest", "u:h"},
                                                {"digest", "u:h:"},
                                                {"digest", ":h"},
                                                {"ip", "1.2.3.4"},
                                                {"ip", "1.2.3.4/8"}}) {
    INFO(*good.scheme << ":" << *good.id);
    CHECK(one(good) == std::vector<Acl>{{1, good}});
  }
  // "auth" stands for each identity that was proved, whatever its id says.
  CHECK(one({"auth", std::nullopt}) == std::vector<Acl>{{1, alice}, {1, {"digest", "bob:hash"}}});
  CHECK_FALSE(resolve_acl(std::vector<Acl>{{1, {"auth", ""}}}, {{"ip", "10.0.0.1"}}));
  // Neither what was asked for nor what it stands for may be longer than a list may be.
  std::vector<Acl> long_list;
  for (std::size_t i = 0; i < max_acl_entries; ++i)
    long_list.push_back({static_cast<std::int32_t>(i), {"world", "anyone"}});
  CHECK(resolve_acl(long_list, who) == long_list);
  long_list.back().who = {"auth", ""};
  CHECK_FALSE(resolve_acl(long_list, who));
  long_list.assign(max_acl_entries + 1, {1, {"world", "anyone"}});
  CHECK_FALSE(resolve_acl(long_list, who));
  // Duplicates go, the order and odd permission bits stay.
  const Acl odd{255, {"world", "anyone"}}, digest{0, alice};
  CHECK(resolve_acl(std::vector<Acl>{odd, digest, odd}, who) == std::vector<Acl>{odd, digest});
}

}  // namespace muster::tree::test
