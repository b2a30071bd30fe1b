// Checkpoints of a tree that goes on changing while they are collected, and trees made of them.
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>

#include "common/random.h"
#include "server/tree/checkpoint_source.h"
#include "tests/unit/tree/random_commands.h"
#include "tests/unit/tree/world.h"

namespace muster::tree::test {
namespace {

constexpr std::size_t part_bytes = 256 * 1024;

// What a store would hold: of each key the newest value published, and what was put since.
struct Records {
  std::map<std::string, std::string> current, pending;

  void put(const std::vector<Record>& records) {
    for (const Record& record : records) pending[record.key] = record.value;
  }
  void publish() {
    for (const auto& [key, value] : pending) {
      if (value.empty())
        current.erase(key);
      else
        current[key] = value;
    }
    pending.clear();
  }
  [[nodiscard]] Tree load(Zxid applied) const {
    TreeLoader loader;
    for (const auto& [key, value] : current) REQUIRE(loader.add({key, value}));
    return loader.take(applied);
  }
};

std::size_t collect(Tree& tree, Records& records) {
  CheckpointSource source(tree);
  std::size_t count = 0;
  source.begin();
  for (bool last = false; !last;) {
    const CheckpointSource::Part part = source.next(part_bytes);
    records.put(part.records);
    count += part.records.size();
    last = part.last;
  }
  records.publish();
  source.published();
  return count;
}

void require_same(const Tree& found, const Tree& expected) {
  REQUIRE(found.applied() == expected.applied());
  REQUIRE(found.digest() == expected.digest());
  REQUIRE(found.recompute_digest() == expected.digest());
  REQUIRE(found.node_count() == expected.node_count());
  REQUIRE(found.bytes() == expected.bytes());
  REQUIRE(found.ephemeral_count() == expected.ephemeral_count());
  for (const Session& session : expected.sessions())
    REQUIRE(found.ephemerals(session.id) == expected.ephemerals(session.id));
}

}  // namespace

TEST_CASE("a fresh tree comes back from its first checkpoint") {
  Tree tree;
  Records records;
  CHECK(collect(tree, records) == 4);
  require_same(records.load(Zxid{}), tree);
}

TEST_CASE("a checkpoint holds only what changed since the last one") {
  World world;
  world.create("/a");
  world.create("/a/b");
  Records records;
  CHECK(collect(world.tree, records) == 7);  // what every tree has, the session, two nodes
  CHECK(collect(world.tree, records) == 0);
  world.create("/a/c");
  CHECK(collect(world.tree, records) == 2);  // and its parent
  require_same(records.load(world.tree.applied()), world.tree);
}

TEST_CASE("what is gone is told, unless no checkpoint ever held it") {
  World world;
  world.create("/kept");
  Records records;
  collect(world.tree, records);
  world.create("/short");
  world.write(wire::DeleteRequest{"/short", any_version});
  world.write(wire::DeleteRequest{"/kept", any_version});
  CHECK(collect(world.tree, records) == 2);  // the root, and that /kept is gone
  require_same(records.load(world.tree.applied()), world.tree);
}

TEST_CASE("a node that goes and comes back between two checkpoints is there") {
  World world;
  world.create("/a");
  Records records;
  collect(world.tree, records);
  world.write(wire::DeleteRequest{"/a", any_version});
  world.create("/a");
  collect(world.tree, records);
  CHECK(records.current.count("Z/a" + std::string(1, '\0')) == 1);
  require_same(records.load(world.tree.applied()), world.tree);
}

TEST_CASE("what changes before its turn is kept as it was") {
  World world;
  world.create("/a");
  world.create("/b");
  const Tree before = world.tree;
  CheckpointSource source(world.tree);
  source.begin();
  CHECK(source.kept_bytes() == 0);
  world.write(wire::SetDataRequest{"/a", "new", any_version});
  const std::size_t kept = source.kept_bytes();
  CHECK(kept > 0);
  world.write(wire::SetDataRequest{"/a", "newer", any_version});
  CHECK(source.kept_bytes() == kept);  // once
  world.write(wire::DeleteRequest{"/b", any_version});
  world.create("/c");
  Records records;
  for (bool last = false; !last;) {
    const auto part = source.next(part_bytes);
    records.put(part.records);
    last = part.last;
  }
  records.publish();
  CHECK(source.kept_bytes() == 0);
  source.published();
  require_same(records.load(before.applied()), before);
  collect(world.tree, records);
  require_same(records.load(world.tree.applied()), world.tree);
}

TEST_CASE("after a checkpoint that was given up the next one holds everything") {
  World world;
  world.create("/a");
  world.create("/b");
  Records records;
  collect(world.tree, records);
  world.create("/c");
  world.write(wire::DeleteRequest{"/b", any_version});
  CheckpointSource source(world.tree);
  source.begin();
  records.put(source.next(part_bytes).records);
  world.write(wire::DeleteRequest{"/c", any_version});  // it may be in the store by now
  source.abandon();
  CHECK(collect(world.tree, records) == 8);
  require_same(records.load(world.tree.applied()), world.tree);
}

TEST_CASE("a large tree is collected in small steps") {
  World world;
  for (int i = 0; i < 20'000; ++i)
    world.tree.apply(world.stamp(), {world.session, world.owner, Xid{i + 1}, world.who,
                                     World::creation("/n" + std::to_string(i))});
  CheckpointSource source(world.tree);
  source.begin();
  int parts = 0;
  for (bool last = false; !last; ++parts) {
    const auto part = source.next(part_bytes);
    std::size_t bytes = 0;
    for (const Record& record : part.records) bytes += size_of(record);
    CHECK(bytes < part_bytes + 1000);
    last = part.last;
  }
  CHECK(parts > 1);
}

TEST_CASE("records that do not fit are refused") {
  World world;
  world.create("/a");
  world.create("/a/b");
  world.create("/e", wire::create_flags::ephemeral);
  Records records;
  collect(world.tree, records);
  const auto record = [&](const std::string& key) { return Record{key, records.current.at(key)}; };
  const std::string nul(1, '\0');
  CHECK_FALSE(TreeLoader().add(record("Z/a/b" + nul)));  // without its parent
  CHECK_FALSE(TreeLoader().add(record("Z/e" + nul)));    // without its session
  TreeLoader loader;
  CHECK(loader.add(record("Z/a" + nul)));
  CHECK_FALSE(loader.add(record("Z/a" + nul)));  // once more
  CHECK(loader.add(record("Z/a/b" + nul)));
  CHECK_FALSE(loader.add(record("Z/" + nul)));  // out of order
  CHECK_FALSE(loader.add({"Z/x" + nul, "nonsense"}));
  CHECK_FALSE(loader.add({"Z/x" + nul, ""}));
  CHECK_FALSE(loader.add({"Zx" + nul, record("Z/a" + nul).value}));
  CHECK_FALSE(loader.add({"Z/x", record("Z/a" + nul).value}));
  CHECK_FALSE(loader.add({"S123", "x"}));
  CHECK_FALSE(loader.add({"?", "x"}));
  CHECK_FALSE(loader.add({"", ""}));
}

TEST_CASE("children come back where keys of others lie between them and their parent") {
  World world;
  // By their keys: /a, /a-b, /a-b/x, /a/x, /a/x/y, /a/z, /zookeeper-b; parents alternate.
  for (const char* path : {"/a", "/a/z", "/a/x", "/a/x/y", "/a-b", "/a-b/x", "/zookeeper-b"})
    world.create(path);
  Records records;
  collect(world.tree, records);
  const Tree loaded = records.load(world.tree.applied());
  require_same(loaded, world.tree);
  CHECK(loaded.children("/a") == std::vector<std::string>{"x", "z"});
  CHECK(loaded.children("/") == std::vector<std::string>{"a", "a-b", "zookeeper", "zookeeper-b"});
}

TEST_CASE("checkpoints of a random life") {
  const std::uint64_t fresh = std::random_device{}();
  for (const std::uint64_t seed : {fresh, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}}) {
    INFO("seed " << seed);
    Random random(seed);
    Tree tree;
    Model model;
    RandomCommands commands(random.fork(1));
    Records records;
    std::optional<Tree> frozen;  // as it was when the collection under way began
    std::int64_t zxid = 0;
    int published = 0, given_up = 0;
    for (int step = 0; step < 12'000; ++step) {
      const Stamp stamp{Zxid{++zxid}, random.between(1, 1'000'000), 1};
      const Command command = commands.next(model);
      model.apply(stamp, command);
      tree.apply(stamp, command);
      CheckpointSource source(tree);
      if (!frozen) {
        if (random.chance(1, 20)) {
          frozen = tree;
          source.begin();
        }
      } else if (random.chance(1, 200)) {
        source.abandon();
        frozen.reset();
        ++given_up;
        if (random.chance(1, 2)) {  // a restart: what was put since does not count
          records.pending.clear();
          collect(tree, records);
          tree = records.load(tree.applied());
        }
      } else if (random.chance(1, 2)) {
        auto part = source.next(300);
        records.put(part.records);
        if (!part.last) continue;
        records.publish();
        source.published();
        require_same(records.load(frozen->applied()), *frozen);
        if (random.chance(1, 4) && frozen->applied() == tree.applied()) tree = *frozen;
        frozen.reset();
        ++published;
      }
    }
    CHECK(published > 50);
    CHECK(given_up > 5);
  }
}

}  // namespace muster::tree::test
