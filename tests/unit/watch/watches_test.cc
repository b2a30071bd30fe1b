#include "server/watch/watches.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "common/random.h"

namespace muster::watch {
namespace {

using tree::ChangeKind;
using wire::EventType;

tree::Change change(ChangeKind kind, std::string path) { return {kind, std::move(path), nullptr}; }

// "1:created 2:deleted"
std::string text(const std::vector<Notification>& to) {
  static const char* const types[] = {"", "created", "deleted", "data", "children"};
  std::string out;
  for (const Notification& one : to) {
    out +=
        (out.empty() ? "" : " ") + std::to_string(one.connection) + ":" + types[static_cast<int>(one.type)];
  }
  return out;
}

constexpr Kind kinds[] = {Kind::data, Kind::child, Kind::persistent, Kind::persistent_recursive};
constexpr ChangeKind changes[] = {ChangeKind::created, ChangeKind::deleted, ChangeKind::data,
                                  ChangeKind::children};

}  // namespace

TEST_CASE("each kind of watch hears its changes, once or for good") {
  const struct {
    Kind kind;
    std::vector<std::string> heard;  // for created, deleted, data, children
    bool stays;
  } table[] = {
      {Kind::data, {"1:created", "1:deleted", "1:data", ""}, false},
      {Kind::child, {"", "1:deleted", "", "1:children"}, false},
      {Kind::persistent, {"1:created", "1:deleted", "1:data", "1:children"}, true},
      {Kind::persistent_recursive, {"1:created", "1:deleted", "1:data", ""}, true},
  };
  for (const auto& row : table) {
    for (std::size_t i = 0; i < 4; ++i) {
      INFO("kind " << static_cast<int>(row.kind) << " change " << i);
      Watches watches;
      watches.add(1, "/a", row.kind);
      CHECK(text(watches.on(change(changes[i], "/b"))).empty());
      CHECK(text(watches.on(change(changes[i], "/a"))) == row.heard[i]);
      const bool left = row.stays || row.heard[i].empty();
      CHECK(watches.size() == (left ? 1 : 0));
      const bool of_node = row.kind != Kind::child;
      const bool of_children = row.kind == Kind::child || row.kind == Kind::persistent;
      CHECK(watches.node_watches().paths == (left && of_node ? 1 : 0));
      CHECK(watches.node_watches().connections == (left && of_node ? 1 : 0));
      CHECK(watches.node_watches().watches == (left && of_node ? 1 : 0));
      CHECK(watches.child_watches() == (left && of_children ? 1 : 0));
      CHECK(text(watches.on(change(changes[i], "/a"))) == (left ? row.heard[i] : ""));
    }
  }
}

TEST_CASE("only recursive watches hear of what is below their path") {
  for (const Kind kind : kinds) {
    for (const ChangeKind what : changes) {
      Watches watches;
      watches.add(1, "/a", kind);
      watches.add(2, "/", kind);
      const bool heard = kind == Kind::persistent_recursive && what != ChangeKind::children;
      CHECK(watches.on(change(what, "/a/b/c")).size() == (heard ? 2 : 0));
      CHECK(watches.on(change(what, "/ab")).size() == (heard ? 1 : 0));
      CHECK(watches.size() == 2);
    }
  }
}

TEST_CASE("one event for each connection, ordered by connection") {
  Watches watches;
  for (const ConnId connection : {9U, 3U, 5U}) {
    for (const Kind kind : kinds) watches.add(connection, "/a", kind);
    watches.add(connection, "/", Kind::persistent_recursive);
  }
  watches.add(4, "/a", Kind::child);
  CHECK(text(watches.on(change(ChangeKind::deleted, "/a"))) == "3:deleted 4:deleted 5:deleted 9:deleted");
  CHECK(watches.size() == 9);
  CHECK(text(watches.on(change(ChangeKind::children, "/a"))) == "3:children 5:children 9:children");
}

TEST_CASE("kinds live side by side and the same twice counts once") {
  Watches watches;
  for (int twice = 0; twice < 2; ++twice) {
    for (const Kind kind : kinds) watches.add(1, "/a", kind);
  }
  CHECK(watches.size() == 4);
  CHECK(watches.size_of(1) == 4);
  CHECK(watches.size_of(2) == 0);
  CHECK(text(watches.on(change(ChangeKind::data, "/a"))) == "1:data");
  CHECK(watches.size_of(1) == 3);
  CHECK(watches.contains(1, "/a", Selector::children));
  CHECK_FALSE(watches.contains(1, "/a", Selector::data));
}

TEST_CASE("a selector names its kind only, any names all") {
  const std::map<Selector, Kind> own = {{Selector::children, Kind::child},
                                        {Selector::data, Kind::data},
                                        {Selector::persistent, Kind::persistent},
                                        {Selector::persistent_recursive, Kind::persistent_recursive}};
  for (const auto& [selector, named] : own) {
    for (const Kind kind : kinds) {
      Watches watches;
      watches.add(1, "/a", kind);
      const bool is_it = kind == named;
      CHECK(watches.contains(1, "/a", selector) == is_it);
      CHECK(watches.contains(1, "/a", Selector::any));
      CHECK_FALSE(watches.contains(2, "/a", Selector::any));
      CHECK_FALSE(watches.contains(1, "/a/b", Selector::any));
      CHECK_FALSE(watches.remove(2, "/a", selector));
      CHECK(watches.remove(1, "/a", selector) == is_it);
      CHECK(watches.size() == (is_it ? 0 : 1));
      CHECK(watches.remove(1, "/a", Selector::any) == !is_it);
      CHECK(watches.node_watches().connections == 0);
      CHECK(watches.node_watches().paths == 0);
    }
  }
  Watches watches;
  for (const Kind kind : kinds) watches.add(1, "/a", kind);
  CHECK(watches.remove(1, "/a", Selector::any));
  CHECK(watches.size() == 0);
  CHECK(watches.on(change(ChangeKind::data, "/a/b")).empty());
}

TEST_CASE("the table of those who hear of nodes has a connection once for each path, by path") {
  Watches watches;
  for (const Kind kind : {Kind::data, Kind::child, Kind::persistent, Kind::persistent_recursive})
    watches.add(2, "/b", kind);
  watches.add(2, "/a", Kind::child);
  watches.add(3, "/a", Kind::persistent_recursive);
  watches.add(1, "/b", Kind::data);
  const auto entries = [&] {
    std::string text;
    for (const Watches::Entry& entry : watches.node_entries())
      text += std::string(entry.path) + ":" + std::to_string(entry.connection) + " ";
    return text;
  };
  CHECK(entries() == "/a:3 /b:1 /b:2 ");
  CHECK(watches.node_watches().connections == 3);
  CHECK(watches.node_watches().paths == 2);
  CHECK(watches.node_watches().watches == 3);
  CHECK(watches.child_watches() == 2);
  CHECK(watches.remove(2, "/b", Selector::data));
  CHECK(entries() == "/a:3 /b:1 /b:2 ");
  (void)watches.on(change(ChangeKind::data, "/b"));
  CHECK(entries() == "/a:3 /b:2 ");
  watches.drop(2);
  watches.drop(3);
  CHECK(entries().empty());
  CHECK(watches.node_watches().connections + watches.node_watches().paths + watches.node_watches().watches ==
        0);
  CHECK(watches.child_watches() == 0);
}

TEST_CASE("a connection takes its watches with it") {
  Watches watches;
  watches.add(1, "/a", Kind::data);
  watches.add(1, "/b", Kind::persistent_recursive);
  watches.add(2, "/a", Kind::data);
  watches.drop(1);
  watches.drop(7);
  CHECK(watches.node_watches().connections == 1);
  CHECK(watches.size() == 1);
  CHECK(text(watches.on(change(ChangeKind::data, "/a"))) == "2:data");
  CHECK(watches.on(change(ChangeKind::data, "/b")).empty());
}

TEST_CASE("random watches and changes are as a plain list of watches says") {
  const std::uint64_t fresh = std::random_device{}();
  std::cout << "fresh seed: " << fresh << std::endl;
  for (const std::uint64_t seed : {fresh, std::uint64_t{1}}) {
    INFO("seed " << seed);
    Random random(seed);
    Watches watches;
    std::set<std::tuple<ConnId, std::string, Kind>> list;
    const std::string paths[] = {"/", "/a", "/a/b", "/a/b/c", "/ab", "/d"};
    for (int step = 0; step < 20'000; ++step) {
      const std::string path = paths[random.below(std::size(paths))];
      const ConnId connection = 1 + random.below(5);
      switch (random.below(8)) {
        case 0:
        case 1:
        case 2:
        case 3: {
          const Kind kind = kinds[random.below(4)];
          watches.add(connection, path, kind);
          list.insert({connection, path, kind});
          break;
        }
        case 4: {
          const bool removed = watches.remove(connection, path, Selector::any);
          std::size_t count = 0;
          for (const Kind kind : kinds) count += list.erase({connection, path, kind});
          REQUIRE(removed == (count > 0));
          break;
        }
        case 5: {
          if (!random.chance(1, 8)) break;
          watches.drop(connection);
          for (const std::string& p : paths) {
            for (const Kind kind : kinds) list.erase({connection, p, kind});
          }
          break;
        }
        default: {
          const ChangeKind what = changes[random.below(4)];
          std::set<ConnId> expected;
          for (auto it = list.begin(); it != list.end();) {
            const auto& [who, where, kind] = *it;
            const bool here = where == path;
            const bool below = where == "/" || path.compare(0, where.size() + 1, where + "/") == 0;
            const bool hears = kind == Kind::data ? here && what != ChangeKind::children
                               : kind == Kind::child
                                   ? here && (what == ChangeKind::children || what == ChangeKind::deleted)
                               : kind == Kind::persistent ? here
                                                          : (here || below) && what != ChangeKind::children;
            if (hears) expected.insert(who);
            it = hears && (kind == Kind::data || kind == Kind::child) ? list.erase(it) : std::next(it);
          }
          const auto to = watches.on(change(what, path));
          std::vector<ConnId> heard;
          for (const Notification& one : to) heard.push_back(one.connection);
          REQUIRE(heard == std::vector<ConnId>(expected.begin(), expected.end()));
        }
      }
      REQUIRE(watches.size() == list.size());
      if (step % 100 == 0) watches = Watches(watches);
    }
  }
}

}  // namespace muster::watch
