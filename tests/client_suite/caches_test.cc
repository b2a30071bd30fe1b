// The node cache and the tree cache.
#include <muster/recipes/node_cache.h>
#include <muster/recipes/tree_cache.h>

#include <map>
#include <random>

#include "tests/client_suite/context.h"

namespace muster::suite {
namespace {

using recipes::NodeCache;
using recipes::NodeState;
using recipes::TreeCache;
using recipes::TreeState;

using Contents = std::map<std::string, std::pair<std::string, Stat>>;  // data and Stat, by path

// What a cache promises to know of a Stat.
Stat known(Stat stat) {
  stat.cversion = stat.num_children = stat.aversion = 0;
  stat.pzxid = {};
  return stat;
}

Contents contents(const TreeState& state) {
  Contents all;
  for (const auto& [path, node] : state.nodes) all[path] = {node->data, known(node->stat)};
  return all;
}

void read_all(const BlockingClient& client, const std::string& path, Contents& all) {
  const auto value = client.get(path);
  if (!value) return;
  all[path] = {value->data, known(value->stat)};
  for (const std::string& name : good(client.children(path)).names) read_all(client, path + "/" + name, all);
}

Contents contents(const BlockingClient& client, const std::string& path) {
  Contents all;
  read_all(client.linearizable(), path, all);
  return all;
}

// Waits until the cache shows the tree.
void becomes_the_tree(const Case& c, const TreeCache& cache) {
  const Contents truth = contents(c.other, c.base);
  eventually("the cache shows the tree", [&] { return contents(*cache.state()) == truth; });
  CHECK(cache.state()->of_one_moment);
}

TEST_CASE("a node's cache shows it as it is, and that it is not") {
  Case c;
  Context context;
  const NodeCache cache(Client(context.executor(), Case::config()), c.base + "/a");
  auto state = context.run(cache.newer());
  CHECK(state->value == std::nullopt);
  const auto next = [&] { state = context.run(cache.newer(state->revision)); };
  good(c.other.create(c.base + "/a", "one"));
  next();
  REQUIRE(state->value);
  CHECK(state->value->data == "one");
  good(c.other.set(c.base + "/a", "two"));
  next();
  REQUIRE(state->value);
  CHECK(*state->value == good(c.other.linearizable().get(c.base + "/a")));
  good(c.other.remove(c.base + "/a"));
  next();
  CHECK(state->value == std::nullopt);
  CHECK(cache.state() == state);
}

TEST_CASE("a node's cache knows afterwards what happened without a connection") {
  Case c;
  Context context;
  const Client client(context.executor(), Case::config());
  const NodeCache absent(client, c.base + "/a"), present(client, c.base);
  const auto first = context.run(absent.newer()), other_first = context.run(present.newer());
  cut_all();
  good(c.other.create(c.base + "/a", "made meanwhile"));
  good(c.other.set(c.base, "set meanwhile"));
  pass_all();
  CHECK(context.run(absent.newer(first->revision))->value->data == "made meanwhile");
  CHECK(context.run(present.newer(other_first->revision))->value->data == "set meanwhile");
}

TEST_CASE("a tree's cache follows the tree") {
  Case c;
  Context context;
  good(c.other.create(c.base + "/a", "1"));
  good(c.other.create(c.base + "/a/b", "2"));
  const Client client(context.executor(), Case::config());
  const TreeCache cache(client, c.base);
  const auto first = context.run(cache.newer());
  CHECK(contents(*first) == contents(c.other, c.base));
  CHECK(first->children(c.base) == std::vector<std::string>{"a"});
  CHECK(first->find(c.base + "/a/b")->data == "2");
  CHECK(cache.get(c.base + "/b") == nullptr);

  Transaction change;
  change.set(c.base + "/a", "3");
  change.remove(c.base + "/a/b");
  change.create(c.base + "/c", "4");
  good(c.other.multi(change));
  const auto next = context.run(cache.newer(first->revision));
  CHECK(contents(*next) == contents(c.other, c.base));
  CHECK(difference(*first, *next) == std::vector<WatchedEvent>{{EventType::data_changed, c.base + "/a"},
                                                               {EventType::node_deleted, c.base + "/a/b"},
                                                               {EventType::node_created, c.base + "/c"}});
  CHECK(cache.get(c.base + "/c")->data == "4");
}

TEST_CASE("a tree's cache begins before its root, and knows afterwards what happened without a connection") {
  Case c;
  Context context;
  const TreeCache cache(Client(context.executor(), Case::config()), c.base + "/root");
  const auto first = context.run(cache.newer());
  CHECK(first->nodes.empty());
  good(c.other.create(c.base + "/root", ""));
  good(c.other.create(c.base + "/root/a", ""));
  auto state = context.run(cache.newer(first->revision));
  while (!state->find(c.base + "/root/a")) state = context.run(cache.newer(state->revision));
  cut_all();
  good(c.other.remove(c.base + "/root/a"));
  good(c.other.create(c.base + "/root/b", ""));
  good(c.other.create(c.base + "/root/b/c", "deep"));
  pass_all();
  while (!state->find(c.base + "/root/b/c")) state = context.run(cache.newer(state->revision));
  CHECK(state->children(c.base + "/root") == std::vector<std::string>{"b"});
}

TEST_CASE("what one transaction changed is seen together") {
  Case c;
  Context context;
  const std::string a = c.base + "/a", z = c.base + "/z";
  good(c.other.create(a, "0"));
  good(c.other.create(z, "0"));
  const TreeCache cache(Client(context.executor(), Case::config()), c.base);
  auto state = context.run(cache.newer());
  std::thread writer([&] {
    for (int i = 1; i <= 300; ++i) {
      Transaction change;
      change.set(a, std::to_string(i));
      change.set(z, std::to_string(i));
      (void)c.other.multi(change);
      if (i % 100 == 0) order("break " + std::to_string(i / 100));
    }
  });
  int torn = 0;
  while (state->find(a)->data != "300") {
    state = context.run(cache.newer(state->revision));
    if (state->of_one_moment && state->find(a)->data != state->find(z)->data) ++torn;
  }
  writer.join();
  CHECK(torn == 0);
  becomes_the_tree(c, cache);
}

TEST_CASE("nodes that may not be read are left out") {
  Case c;
  Context context;
  const std::vector<Acl> secret{{perm::all, digest_id("ann", "secret")}};
  good(c.other.create(c.base + "/open", ""));
  good(c.other.create(c.base + "/secret", "", {CreateMode::persistent, secret}));
  const TreeCache cache(Client(context.executor(), Case::config()), c.base);
  CHECK(context.run(cache.newer())->children(c.base) == std::vector<std::string>{"open"});
}

TEST_CASE("caches end with their session, and sessions with their caches") {
  Case c;
  Context context;
  std::optional<Client> client(std::in_place, context.executor(), Case::config());
  context.begin(client->async_create(c.base + "/e", "", CreateMode::ephemeral, asio::use_awaitable)).get();
  std::optional<NodeCache> node(std::in_place, *client, c.base);
  std::optional<TreeCache> tree(std::in_place, *client, c.base);
  const auto node_state = context.run(node->newer());
  const auto tree_state = context.run(tree->newer());

  SECTION("the session is closed") {
    auto waiting = context.begin(node->newer(node_state->revision));
    client->close();
    CHECK(error_of(std::move(waiting)) == ErrorCode::closing);
    CHECK(error_of(context.begin(tree->newer(tree_state->revision))) == ErrorCode::closing);
    CHECK(tree->get(c.base + "/e") != nullptr);
  }
  SECTION("the caches are destroyed") {
    auto waiting = context.begin(tree->newer(tree_state->revision));
    client.reset();
    CHECK(good(c.other.linearizable().exists(c.base + "/e")));
    node.reset();
    tree.reset();
    CHECK(error_of(std::move(waiting)) == asio::error::operation_aborted);
    eventually("the session ends", [&] { return !good(c.other.linearizable().exists(c.base + "/e")); });
  }
}

TEST_CASE("caches may outlive their context") {
  Case c;
  std::optional<NodeCache> node;
  std::optional<TreeCache> tree;
  {
    Context context;
    const Client client(context.executor(), Case::config());
    node.emplace(client, c.base);
    tree.emplace(client, c.base);
    const auto state = context.run(tree->newer());
    (void)context.begin(tree->newer(state->revision));
    (void)context.begin(node->newer(1));
  }
  CHECK(tree->get(c.base) != nullptr);
}

TEST_CASE("a cache is the tree again after all that can happen") {
  Case c;
  Context context;
  std::mt19937 random(7);
  const auto pick = [&](std::size_t count) { return random() % count; };
  std::vector<std::string> places{c.base};
  for (const char* name : {"a", "b", "c", "d"}) {
    for (const std::string& parent : std::vector(places)) places.push_back(parent + "/" + name);
  }
  const TreeCache cache(Client(context.executor(), Case::config()), c.base);
  for (int round = 0; round < 12; ++round) {
    const int victim = 1 + static_cast<int>(pick(3));
    const auto at = std::to_string(victim);
    const std::string blow = round % 4 == 0   ? "kill "
                             : round % 4 == 1 ? "cut "
                             : round % 4 == 2 ? "hold_answers "
                                              : "break ";
    order(blow + at);
    for (int i = 0; i < 60; ++i) {
      const std::string& path = places[1 + pick(places.size() - 1)];
      // Those that can't be done are not.
      switch (pick(3)) {
        case 0:
          (void)c.other.create(path, std::to_string(i));
          break;
        case 1:
          (void)c.other.set(path, std::to_string(i));
          break;
        default:
          (void)c.other.remove(path);
      }
    }
    if (round % 4 == 2) order("break " + at);
    order((round % 4 == 0 ? "start " : "pass ") + at);
    becomes_the_tree(c, cache);
  }
}

}  // namespace
}  // namespace muster::suite
