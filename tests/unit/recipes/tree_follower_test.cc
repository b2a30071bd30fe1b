// The tree that is followed is a map here; answers are what it holds when they are given.
#include "client/recipes/tree_follower.h"

#include <muster/path.h>

#include <catch2/catch.hpp>
#include <random>

namespace muster::recipes {
namespace {

using Wish = TreeFollower::Wish;
using Read = TreeFollower::Read;

class Tree {
 public:
  void put(const std::string& path, const std::string& data) {
    const bool created = !nodes_.contains(path);
    Value& value = nodes_[path];
    value.data = data;
    value.stat.mzxid = Zxid{++zxid_};
    if (created) value.stat.czxid = value.stat.mzxid;
    tell(created ? EventType::node_created : EventType::data_changed, path);
  }
  void remove(const std::string& path) {
    nodes_.erase(path);
    tell(EventType::node_deleted, path);
  }
  // Events from now on are lost, until the connection is there again.
  void lose_events() { connected_ = false; }
  void find_events() {
    connected_ = true;
    tell(EventType::gap, "/");
  }

  // Tells what has happened, then answers: as a session does.
  void answer(const Wish& wish) {
    tell_all();
    if (wish.read == Read::children) return follower.on_children(wish, children(wish.path));
    const auto at = nodes_.find(wish.path);
    if (at == nodes_.end()) return follower.on_value(wish, std::nullopt);
    Value value = at->second;
    value.stat.num_children = static_cast<std::int32_t>(children(wish.path).size());
    follower.on_value(wish, std::move(value));
  }
  void tell_all() {
    for (const WatchedEvent& event : std::exchange(events_, {})) follower.on_event(event);
  }
  // Answers until nothing is asked.
  void settle() {
    tell_all();
    for (auto wishes = follower.take_wishes(); !wishes.empty(); wishes = follower.take_wishes()) {
      for (const Wish& wish : wishes) answer(wish);
    }
    REQUIRE(follower.is_settled());
  }
  // The changes of the last state, "/a=1 /b-", and notes them.
  std::string shown() {
    std::string text;
    for (const auto& [path, node] : follower.take_changes()) {
      text += (text.empty() ? "" : " ") + path + (node ? "=" + node->data : "-");
      node ? void(seen[path] = node->data) : void(seen.erase(path));
    }
    return text;
  }
  [[nodiscard]] std::map<std::string, std::string> truth() const {
    std::map<std::string, std::string> all;
    for (const auto& [path, value] : nodes_) all[path] = value.data;
    return all;
  }

  TreeFollower follower{"/"};
  std::map<std::string, std::string> seen;  // as it was shown

 private:
  void tell(EventType type, const std::string& path) {
    if (connected_) events_.push_back({type, path});
  }
  [[nodiscard]] std::vector<std::string> children(const std::string& path) const {
    std::vector<std::string> names;
    for (const auto& [child, value] : nodes_) {
      if (child != "/" && parent_of(child) == path) names.emplace_back(name_of(child));
    }
    return names;
  }

  std::map<std::string, Value> nodes_{{"/", {}}};
  std::vector<WatchedEvent> events_;
  std::int64_t zxid_ = 0;
  bool connected_ = true;
};

TEST_CASE("all is read, then what events tell of") {
  Tree tree;
  tree.put("/a", "1");
  tree.put("/a/b", "2");
  tree.put("/c", "3");
  tree.settle();
  CHECK(tree.shown() == "/= /a=1 /a/b=2 /c=3");
  tree.put("/a/b", "4");
  tree.remove("/c");
  tree.put("/d", "5");
  tree.settle();
  CHECK(tree.shown() == "/a/b=4 /c- /d=5");
  tree.settle();
  CHECK(tree.shown().empty());
}

TEST_CASE("what events can't have told of is found after a gap") {
  Tree tree;
  tree.put("/a", "1");
  tree.put("/a/b", "2");
  tree.settle();
  tree.shown();
  tree.lose_events();
  tree.remove("/a/b");
  tree.put("/a/c", "3");
  tree.put("/a/c/d", "4");
  tree.find_events();
  tree.settle();
  CHECK(tree.shown() == "/a/b- /a/c=3 /a/c/d=4");
}

TEST_CASE("what is below a node that an event told of is found, if the gap came before its answer") {
  Tree tree;
  tree.settle();
  tree.shown();
  tree.put("/a", "1");
  tree.tell_all();
  const auto wishes = tree.follower.take_wishes();
  REQUIRE(wishes.size() == 1);
  tree.lose_events();
  tree.put("/a/b", "2");
  tree.find_events();
  tree.answer(wishes.front());
  tree.settle();
  CHECK(tree.shown() == "/a=1 /a/b=2");
}

TEST_CASE("a change during the reads is seen before anything is shown") {
  Tree tree;
  tree.put("/a", "1");
  tree.put("/b", "1");
  tree.settle();
  tree.shown();
  tree.put("/a", "2");
  tree.tell_all();
  const auto wishes = tree.follower.take_wishes();
  tree.put("/a", "3");
  tree.put("/b", "3");
  for (const Wish& wish : wishes) tree.answer(wish);
  CHECK_FALSE(tree.follower.is_settled());
  tree.settle();
  CHECK(tree.shown() == "/a=3 /b=3");
}

TEST_CASE("changes that never end do not hide the tree for ever") {
  Tree tree;
  tree.put("/a", "0");
  int answers = 0;
  for (; !tree.follower.is_overdue(); ++answers) {
    REQUIRE(answers < 100);
    for (const Wish& wish : tree.follower.take_wishes()) {
      tree.put("/a", std::to_string(answers));
      tree.answer(wish);
    }
  }
  CHECK(tree.follower.take_wishes().empty());
  CHECK(tree.shown().starts_with("/= /a="));
  tree.settle();
  tree.shown();
  CHECK(tree.seen == tree.truth());
}

TEST_CASE("only so much is asked at once") {
  Tree tree;
  for (int i = 0; i < 1000; ++i) tree.put("/" + std::to_string(i), "");
  for (const Wish& wish : tree.follower.take_wishes()) tree.answer(wish);  // "/"
  for (const Wish& wish : tree.follower.take_wishes()) tree.answer(wish);  // its children
  CHECK(tree.follower.take_wishes().size() == TreeFollower::max_unanswered);
  CHECK(tree.follower.take_wishes().empty());
}

TEST_CASE("whatever happens, each settled state is the tree") {
  const unsigned seed = GENERATE(range(0U, 200U));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t count) { return random() % count; };
  Tree tree;
  std::vector<std::string> places{"/"};
  for (const char* name : {"a", "b", "c", "d"}) {
    for (const std::string& parent : std::vector(places))
      places.push_back((parent == "/" ? "" : parent) + "/" + name);
  }
  const auto change = [&] {
    const std::string& path = places[1 + pick(places.size() - 1)];
    const auto truth = tree.truth();
    const bool leaf = std::none_of(truth.begin(), truth.end(),
                                   [&](const auto& node) { return node.first.starts_with(path + "/"); });
    if (truth.contains(path) && leaf && pick(2) == 0) return tree.remove(path);
    if (truth.contains(std::string(parent_of(path)))) tree.put(path, std::to_string(random() % 1000));
  };
  std::vector<Wish> asked;
  for (int step = 0; step < 300; ++step) {
    if (pick(3) == 0) change();
    if (pick(40) == 0) {
      tree.lose_events();
      for (std::size_t lost = pick(4); lost > 0; --lost) change();
      tree.find_events();
    }
    for (Wish& wish : tree.follower.take_wishes()) asked.push_back(std::move(wish));
    if (!asked.empty()) {
      tree.answer(asked.front());
      asked.erase(asked.begin());
    }
    if (pick(2) == 0) tree.tell_all();
    if (asked.empty()) {
      tree.tell_all();
      if (tree.follower.is_overdue()) tree.shown();
      if (!tree.follower.is_settled()) continue;
      tree.shown();
      REQUIRE(tree.seen == tree.truth());
    }
  }
  for (const Wish& wish : asked) tree.answer(wish);
  tree.tell_all();
  if (tree.follower.is_overdue()) tree.shown();
  tree.settle();
  tree.shown();
  REQUIRE(tree.seen == tree.truth());
}

}  // namespace
}  // namespace muster::recipes
