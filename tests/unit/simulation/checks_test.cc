// The simulator's checks see what they are for.
#include <catch2/catch.hpp>

#include "tests/simulation/checks/expiry.h"
#include "tests/simulation/checks/session_table.h"
#include "tests/simulation/checks/znodes.h"
#include "tests/simulation/sim.h"

namespace muster::simulation {
namespace {

template <class Action>
std::string found_by(Action action) {
  try {
    action();
  } catch (const InvariantBroken& found) {
    return found.invariant;
  }
  return "";
}

NodeState node_of(Zxid czxid, Zxid mzxid, std::int32_t version, const std::string& data) {
  NodeState state;
  state.node.emplace();
  state.node->data = data;
  Stat& stat = state.node->stat;
  stat.czxid = stat.pzxid = czxid;
  stat.mzxid = mzxid;
  stat.version = version;
  stat.data_length = static_cast<std::int32_t>(data.size());
  return state;
}

std::string of_change(const NodeState& before, const NodeState& after, std::size_t children = 0) {
  const tree::Tree tree;
  return found_by([&] { Znodes(tree).on_node("/a", before, after, Zxid{7}, 0, children); });
}

tree::Outcome event(tree::SessionEvent::Kind kind, SessionId session, Zxid owner) {
  tree::Outcome outcome;
  outcome.session = tree::SessionEvent{kind, session, owner, ServerId{1}, 0, 0};
  return outcome;
}

}  // namespace

TEST_CASE("stats that no entry leaves are seen") {
  const NodeState none, old = node_of(Zxid{3}, Zxid{3}, 0, "x");
  CHECK(of_change(none, node_of(Zxid{7}, Zxid{7}, 0, "x")).empty());
  CHECK(of_change(old, node_of(Zxid{3}, Zxid{7}, 1, "y")).empty());
  CHECK(of_change(none, node_of(Zxid{6}, Zxid{7}, 0, "x")) == "stat");
  CHECK(of_change(old, node_of(Zxid{3}, Zxid{3}, 0, "y")) == "stat");
  CHECK(of_change(old, node_of(Zxid{3}, Zxid{7}, 0, "x")) == "stat");
  CHECK(of_change(old, node_of(Zxid{3}, Zxid{6}, 1, "y")) == "stat");
  CHECK(of_change(old, old, 1) == "stat");
  NodeState child = old;
  child.children = 1;
  CHECK(of_change(old, child) == "stat");
  const tree::Tree tree;
  Znodes counts(tree);
  counts.on_node("/a", none, node_of(Zxid{7}, Zxid{7}, 0, "x"), Zxid{7}, 0, 0);
  CHECK(found_by([&] { counts.check_counts(tree); }) == "stat");
}

TEST_CASE("a sequential name that was given before is seen") {
  const tree::Tree tree;
  Znodes znodes(tree);
  wire::CreateRequest create;
  create.path = "/s-";
  create.flags = wire::create_flags::sequential;
  const auto give = [&](const char* path) {
    return found_by([&] { (void)znodes.on_created(create, wire::CreateReply{path}, tree); });
  };
  CHECK(give("/s-0000000004").empty());
  CHECK(give("/s-0000000005").empty());
  CHECK(give("/s-0000000005") == "sequential");
  CHECK(give("/s-x") == "sequential");
}

TEST_CASE("what a closed or moved session does is seen") {
  using Kind = tree::SessionEvent::Kind;
  const SessionId session{9};
  SessionTable table;
  tree::Command open, write, close;
  open.operation = tree::OpenSession{};
  write.session = close.session = session;
  write.owner = close.owner = Zxid{1};
  write.operation = wire::CreateRequest{};
  close.operation = tree::CloseSession{};
  table.on_command(open, event(Kind::opened, session, Zxid{1}), Zxid{1});
  table.on_command(write, {}, Zxid{2});
  CHECK(found_by([&] { table.check_count(0, Zxid{2}); }) == "session-table");
  tree::Command attach;
  attach.operation = tree::AttachSession{session, ServerId{2}, 0, 0};
  table.on_command(attach, event(Kind::attached, session, Zxid{3}), Zxid{3});
  CHECK(found_by([&] { table.on_command(write, {}, Zxid{4}); }) == "session-table");
  close.owner = Zxid{3};
  table.on_command(close, event(Kind::closed, session, Zxid{3}), Zxid{5});
  write.owner = Zxid{3};
  CHECK(found_by([&] { table.on_command(write, {}, Zxid{6}); }) == "session-table");
  CHECK(found_by([&] { table.on_command(open, event(Kind::opened, session, Zxid{7}), Zxid{7}); }) ==
        "session-table");
}

TEST_CASE("a session that a paused leader expires at once is seen") {
  Expiry expiry;
  const auto expire = [&](int judge, std::int64_t decided_us) {
    return found_by([&] { expiry.on_expired(SessionId{9}, 1'000'000, judge, decided_us); });
  };
  expiry.attached(1, SessionId{9}, 0, 1'000'000, 1'000'000);
  expiry.paused(0, 1'100'000);
  expiry.lost(1);
  expiry.resumed(0, 4'000'000);
  CHECK(expire(0, 4'100'000) == "early-expiry");
  CHECK(expire(1, 4'100'000).empty());
  CHECK(expire(0, 4'450'000).empty());
  expiry.died(0, 4'100'000);
  CHECK(expire(0, 4'200'000).empty());
}

TEST_CASE("a session that lives on is seen") {
  Expiry expiry;
  const std::vector<tree::Session> sessions = {{SessionId{9}, Zxid{1}, ServerId{1}, 1000}};
  expiry.attached(1, SessionId{9}, 0, 1'000'000, 1'000'000);
  CHECK(found_by([&] { expiry.check_late(sessions, 0, 500'000, 3'500'000); }).empty());
  CHECK(found_by([&] { expiry.check_late(sessions, 2'000'000, 500'000, 3'600'000); }).empty());
  CHECK(found_by([&] { expiry.check_late(sessions, 0, 500'000, 3'600'000); }) == "late-expiry");
}

}  // namespace muster::simulation
