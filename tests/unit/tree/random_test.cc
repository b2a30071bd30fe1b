// The tree against the plain model, operation by operation.
#include "common/random.h"

#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "tests/unit/tree/model.h"
#include "tests/unit/tree/random_commands.h"

namespace muster::tree::test {
namespace {

// "" or where the tree is not as the model says. (A REQUIRE for each fact would take most of the test's
// time.)
std::string difference(const Tree& tree, const Model& model) {
  const std::vector<AuthId> super{{"super", ""}};
  if (tree.node_count() != model.nodes().size()) return "number of nodes";
  std::size_t bytes = 0, ephemerals = 0;
  for (const auto& [path, node] : model.nodes()) {
    bytes += path.size() + node.data.value_or("").size();
    if (node.stat.ephemeral_owner != SessionId{}) ++ephemerals;
    const auto data = tree.data(path);
    if (!data) return path + " is missing";
    if (data->data != node.data) return path + ": data";
    if (data->stat != model.stat(path)) return path + ": stat";
    if (tree.children(path) != std::vector<std::string>(node.children.begin(), node.children.end())) {
      return path + ": children";
    }
    if (std::get<wire::GetAclReply>(tree.get_acl(path, super).body).acl != node.acl) return path + ": ACL";
  }
  if (tree.bytes() != bytes) return "number of bytes";
  if (tree.ephemeral_count() != ephemerals) return "number of ephemerals";
  if (tree.sessions().size() != model.sessions().size()) return "number of sessions";
  for (const auto& [id, expected] : model.sessions()) {
    const auto session = tree.session(id);
    if (!session) return "session " + to_string(id) + " is missing";
    if (session->owner != expected.session.owner || session->server != expected.session.server ||
        session->timeout_ms != expected.session.timeout_ms) {
      return "session " + to_string(id);
    }
    if (tree.ephemerals(id) != model.ephemerals(id)) return "ephemerals of session " + to_string(id);
  }
  return "";
}

void require_same_outcome(const Outcome& outcome, const ModelOutcome& expected) {
  REQUIRE(outcome.fate == expected.fate);
  REQUIRE(outcome.zxid == expected.zxid);
  REQUIRE(outcome.reply.error == expected.reply.error);
  REQUIRE(outcome.reply == expected.reply);
  REQUIRE(outcome.session.has_value() == expected.event.has_value());
  if (expected.event) REQUIRE(outcome.session->kind == *expected.event);
  REQUIRE(outcome.changes.size() == expected.changes.size());
  for (std::size_t i = 0; i < expected.changes.size(); ++i) {
    REQUIRE(outcome.changes[i].kind == expected.changes[i].first);
    REQUIRE(outcome.changes[i].path == expected.changes[i].second);
    REQUIRE(outcome.changes[i].acl != nullptr);
  }
}

// How often each answer came: a walk that never meets an error would prove little.
using Answers = std::map<std::int32_t, int>;

void walk(std::uint64_t seed, int steps, Answers& answers) {
  INFO("seed " << seed);
  Random random(seed);
  Tree tree, twin;
  Model model;
  RandomCommands commands(random.fork(1));
  std::int64_t zxid = random.between(0, 1'000'000);
  for (int step = 0; step < steps; ++step) {
    INFO("step " << step);
    const Stamp stamp{Zxid{++zxid}, random.between(1, 1'000'000), 1};
    const Command command = commands.next(model);
    const std::uint64_t before = tree.digest();
    const Outcome outcome =
        random.chance(1, 2) ? tree.apply(stamp, command) : tree.apply(stamp, encode(command));
    require_same_outcome(outcome, model.apply(stamp, command));
    ++answers[static_cast<std::int32_t>(outcome.reply.error)];
    REQUIRE(tree.applied() == stamp.zxid);
    if (outcome.fate != Fate::answered) REQUIRE(tree.digest() == before);
    twin.apply(stamp, command);
    REQUIRE(tree.digest() == twin.digest());
    if (step % 64 == 0) {
      REQUIRE(tree.digest() == tree.recompute_digest());
      REQUIRE(difference(tree, model) == "");
    }
    if (random.chance(1, 2000)) twin = Tree(tree);  // a copy goes on as if it had been there from the start
  }
  REQUIRE(tree.digest() == tree.recompute_digest());
  REQUIRE(difference(tree, model) == "");
}

}  // namespace

TEST_CASE("a fresh tree is the model's") {
  CHECK(difference(Tree(), Model()) == "");
  CHECK(Tree().digest() == Tree().recompute_digest());
}

TEST_CASE("random operations give the model's answers and the model's tree") {
  const std::uint64_t fresh = std::random_device{}();
  std::cout << "fresh seed: " << fresh << std::endl;
  Answers answers;
  for (const std::uint64_t seed :
       {fresh, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{4}}) {
    walk(seed, 25'000, answers);
  }
  for (const ErrorCode error :
       {ErrorCode::ok, ErrorCode::no_node, ErrorCode::no_auth, ErrorCode::bad_version,
        ErrorCode::bad_arguments, ErrorCode::no_children_for_ephemerals, ErrorCode::node_exists,
        ErrorCode::not_empty, ErrorCode::invalid_acl, ErrorCode::session_expired,
        ErrorCode::data_inconsistency, ErrorCode::unimplemented, ErrorCode::marshalling_error}) {
    INFO(describe(error));
    CHECK(answers[static_cast<std::int32_t>(error)] > 10);
  }
}

}  // namespace muster::tree::test
