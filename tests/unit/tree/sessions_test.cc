// Sessions: who owns one, what a late or dead connection can do, what ends with it, and what it remembers.
#include "server/tree/sessions.h"

#include "tests/unit/tree/world.h"

namespace muster::tree::test {
namespace {

using wire::create_flags::ephemeral;

Command attach(SessionId session, std::int32_t remember = 0) {
  return {{}, {}, {}, {}, AttachSession{session, ServerId{7}, 9000, remember}};
}
Command expire(SessionId session, Zxid owner) { return {{}, {}, {}, {}, ExpireSession{session, owner}}; }

}  // namespace

TEST_CASE("a session's id is its server and the zxid that made it") {
  World world;
  world.zxid = 0x1234;
  const std::size_t before = world.tree.sessions().size();
  Tree tree;
  const Outcome outcome =
      tree.apply({Zxid{0x0234567890ABCDEF}, 0, 1}, Command{{}, {}, {}, {}, OpenSession{ServerId{254}, 5, 2}});
  REQUIRE(outcome.session.has_value());
  CHECK(outcome.session->kind == SessionEvent::Kind::opened);
  CHECK(static_cast<std::uint64_t>(outcome.session->session.value) == 0xFE34567890ABCDEFU);
  CHECK(outcome.session->owner == Zxid{0x0234567890ABCDEF});
  CHECK(outcome.session->remember == 2);
  CHECK(outcome.session->timeout_ms == 5);
  CHECK(tree.session(outcome.session->session)->server == ServerId{254});
  CHECK(before == 1);
}

TEST_CASE("what a session asks to be remembered is capped") {
  World world;
  CHECK(world.open(-5).remember == 0);
  CHECK(world.open(1'000'000).remember == 1000);
}

TEST_CASE("an attached session moves: its former connection can do nothing any more") {
  World world;
  world.create("/mine", ephemeral);
  const Outcome attached = world.apply(attach(world.session));
  REQUIRE(attached.session.has_value());
  CHECK(attached.session->kind == SessionEvent::Kind::attached);
  CHECK(attached.session->owner == Zxid{world.zxid});
  CHECK(attached.session->server == ServerId{7});
  CHECK(world.tree.session(world.session)->timeout_ms == 9000);

  const std::uint64_t before = world.tree.digest();
  for (const Operation& operation :
       std::vector<Operation>{World::creation("/a"), CloseSession{}, wire::MultiRequest{}}) {
    const Outcome late = world.write(operation);
    CHECK(late.fate == Fate::moved);
    CHECK(late.changes.empty());
    CHECK_FALSE(late.session.has_value());
  }
  CHECK(world.tree.digest() == before);
  CHECK(world.tree.applied() == Zxid{world.zxid});

  world.use(*attached.session);
  CHECK(world.error_of(World::creation("/a")) == ErrorCode::ok);
  CHECK(world.tree.ephemerals(world.session) == std::vector<std::string>{"/mine"});
}

TEST_CASE("a session ends with its ephemerals, in the order of their paths") {
  World world;
  world.create("/p");
  world.create("/p/z", ephemeral);
  world.create("/b", ephemeral);
  world.create("/p/a", ephemeral);
  const SessionEvent other = world.open();
  const SessionId ended = world.session;

  const Outcome closed = world.write(CloseSession{});
  CHECK(closed.reply == wire::Reply{});
  CHECK(closed.session->kind == SessionEvent::Kind::closed);
  CHECK(closed.session->session == ended);
  CHECK(text(closed.changes) ==
        "deleted /b, children /, deleted /p/a, children /p, deleted /p/z, children /p");
  CHECK(world.stat("/p").pzxid == Zxid{world.zxid});
  CHECK_FALSE(world.tree.session(ended).has_value());

  const Outcome late = world.write(World::creation("/x"));
  CHECK(late.fate == Fate::dead);
  CHECK_FALSE(world.tree.stat("/x").has_value());
  CHECK(world.apply(attach(ended)).reply.error == ErrorCode::session_expired);
  CHECK(world.tree.session(other.session).has_value());
}

TEST_CASE("expiry holds only for the owner that the leader judged") {
  World world;
  world.create("/e", ephemeral);
  const Zxid former = world.owner;
  world.use(*world.apply(attach(world.session)).session);
  const std::uint64_t before = world.tree.digest();
  const Outcome stale = world.apply(expire(world.session, former));
  CHECK(stale.reply.error == ErrorCode::session_expired);
  CHECK_FALSE(stale.session.has_value());
  CHECK(world.tree.digest() == before);
  const Outcome unknown = world.apply(expire(SessionId{99}, former));
  CHECK(unknown.reply.error == ErrorCode::session_expired);
  CHECK_FALSE(unknown.session.has_value());

  const Outcome expired = world.apply(expire(world.session, world.owner));
  CHECK(expired.session->kind == SessionEvent::Kind::closed);
  CHECK(text(expired.changes) == "deleted /e, children /");
  CHECK(world.tree.sessions().empty());
}

TEST_CASE("an ephemeral that somebody else deleted is no longer the session's") {
  World world;
  world.create("/e", ephemeral);
  const SessionEvent owner{SessionEvent::Kind::opened, world.session, world.owner, {}, 0, 0};
  world.use(world.open());
  CHECK(world.error_of(wire::DeleteRequest{"/e", -1}) == ErrorCode::ok);
  CHECK(world.tree.ephemerals(owner.session).empty());
  world.use(owner);
  CHECK(world.write(CloseSession{}).changes.empty());
}

TEST_CASE("to a session that remembers nothing a repeated xid means nothing") {
  World world;
  world.write(World::creation("/a"));
  CHECK(world.again(World::creation("/a")).reply.error == ErrorCode::node_exists);
}

TEST_CASE("a write that is sent again is told its first outcome and not applied") {
  World world;
  world.use(world.open(3));
  const Outcome first = world.write(World::creation("/s", wire::create_flags::sequential));
  const Xid first_xid = world.xid;
  const Outcome failed = world.write(World::creation("/no/x"));
  const Outcome multi = world.write(wire::MultiRequest{{World::creation("/m")}});

  // Also through another connection.
  world.use(*world.apply(attach(world.session, 3)).session);
  const std::uint64_t before = world.tree.digest();
  const Outcome multi_again = world.again(wire::MultiRequest{{World::creation("/m")}});
  CHECK(multi_again.reply == multi.reply);
  CHECK(multi_again.zxid == multi.zxid);
  CHECK(multi_again.changes.empty());
  world.xid = first_xid;
  const Outcome again = world.again(World::creation("/s", wire::create_flags::sequential));
  CHECK(again.reply == first.reply);
  CHECK(again.zxid == first.zxid);
  world.xid = first_xid.next();
  CHECK(world.again(World::creation("/no/x")).reply == failed.reply);
  CHECK(world.tree.digest() == before);

  // A fourth outcome pushes the first one out: then nobody knows, and it must not happen twice.
  world.xid = multi_again.fate == Fate::answered ? Xid{first_xid.value + 2} : Xid{};
  CHECK(world.error_of(World::creation("/t")) == ErrorCode::ok);
  world.xid = first_xid;
  const std::uint64_t after = world.tree.digest();
  CHECK(world.again(World::creation("/s", wire::create_flags::sequential)).reply.error ==
        ErrorCode::data_inconsistency);
  CHECK(world.tree.digest() == after);
}

TEST_CASE("attaching with a smaller number forgets the oldest, with none all") {
  World world;
  world.use(world.open(3));
  const std::int32_t first = world.xid.value + 1;
  for (const char* path : {"/a", "/b", "/c"}) world.create(path);
  world.use(*world.apply(attach(world.session, 1)).session);
  world.xid = Xid{first + 1};
  CHECK(world.again(World::creation("/b")).reply.error == ErrorCode::data_inconsistency);
  world.xid = Xid{first + 2};
  CHECK(world.again(World::creation("/c")).reply.error == ErrorCode::ok);
  world.use(*world.apply(attach(world.session, 0)).session);
  CHECK(world.again(World::creation("/c")).reply.error == ErrorCode::node_exists);
}

TEST_CASE("a client's numbers may start again after the greatest") {
  CHECK(older(Xid{1}, Xid{2}));
  CHECK_FALSE(older(Xid{2}, Xid{1}));
  CHECK_FALSE(older(Xid{5}, Xid{5}));
  CHECK(older(Xid{0x7FFFFFFF}, Xid{1}));
  CHECK_FALSE(older(Xid{1}, Xid{0x7FFFFFFF}));

  World world;
  world.use(world.open(2));
  world.xid = Xid{0x7FFFFFFE};
  world.create("/a");
  world.xid = Xid{0};
  world.create("/b");
  world.create("/c");  // pushes out the outcome of /a
  world.xid = Xid{0x7FFFFFFF};
  CHECK(world.again(World::creation("/a")).reply.error == ErrorCode::data_inconsistency);
}

TEST_CASE("bytes that are no command change nothing but the place in the log") {
  World world;
  const std::uint64_t before = world.tree.digest();
  const Outcome outcome = world.tree.apply(world.stamp(), std::string_view("\xff nonsense"));
  CHECK(outcome.fate == Fate::answered);
  CHECK(outcome.reply.error == ErrorCode::marshalling_error);
  CHECK(world.tree.digest() == before);
  CHECK(world.tree.applied() == Zxid{world.zxid});
  world.tree.skip(world.stamp());
  CHECK(world.tree.digest() == before);
  CHECK(world.tree.applied() == Zxid{world.zxid});
}

}  // namespace muster::tree::test
