// The replicated state among many znodes, and those who watch it.
#include "server/tree/tree.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "common/random.h"
#include "server/tree/digest.h"
#include "server/watch/watches.h"
#include "tests/bench/micro/micro.h"

namespace muster::bench {
namespace {

constexpr std::int64_t children = 1000;  // of each folder

std::string path_of(std::int64_t number) {
  char path[64];
  std::snprintf(path, sizeof path, "/folder-%07d/node-%010d", static_cast<int>(number / children),
                static_cast<int>(number));
  return path;
}

// A tree with a session and nodes() znodes of 100 bytes; one for all benchmarks that do not add to it.
class World {
 public:
  World() {
    session_ = *apply(encode(command(tree::OpenSession{ServerId{1}, 30'000, 0}))).session;
    for (std::int64_t i = 0; i < nodes(); ++i) {
      if (i % children == 0) create(path_of(i).substr(0, path_of(i).rfind('/')));
      create(path_of(i));
    }
  }
  static World& shared() {
    static World world;
    return world;
  }

  tree::Outcome apply(std::string_view command) {
    return tree.apply({Zxid{++zxid_}, 1'700'000'000'000}, command);
  }
  [[nodiscard]] std::string write(tree::Operation operation) const {
    return encode(command(std::move(operation)));
  }
  static wire::CreateRequest creation(std::string path, std::int32_t flags) {
    return {wire::OpCode::create, std::move(path), std::string(100, 'x'), open_acl(), flags, 0};
  }

  tree::Tree tree;
  const std::vector<AuthId> who{{"ip", "127.0.0.1"}};

 private:
  void create(const std::string& path) { (void)apply(write(creation(path, 0))); }
  [[nodiscard]] tree::Command command(tree::Operation operation) const {
    return {session_.session, session_.owner, Xid{1}, who, std::move(operation)};
  }
  tree::SessionEvent session_{};
  std::int64_t zxid_ = 0;
};

// Random ones, so that they are not in the processor's cache.
std::vector<std::string> some_paths() {
  Random random(1);
  std::vector<std::string> paths;
  paths.reserve(4096);
  for (int i = 0; i < 4096; ++i) paths.push_back(path_of(random.between(0, nodes() - 1)));
  return paths;
}

void tree_set(benchmark::State& state) {
  World& world = World::shared();
  const std::vector<std::string> paths = some_paths();
  std::vector<std::string> commands;
  commands.reserve(paths.size());
  for (const std::string& path : paths)
    commands.push_back(world.write(wire::SetDataRequest{path, std::string(100, 'y'), -1}));
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(world.apply(commands[i++ % commands.size()]));
}
MUSTER_MICRO(tree_set);

void tree_get(benchmark::State& state) {
  const World& world = World::shared();
  const std::vector<std::string> paths = some_paths();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(world.tree.get_data(paths[i++ % paths.size()], world.who));
}
MUSTER_MICRO(tree_get);

// Creates a sequential znode and deletes it again, so that the tree does not grow with the iterations.
void tree_create_and_delete(benchmark::State& state) {
  World& world = World::shared();
  const std::string create =
      world.write(World::creation("/folder-0000000/n-", wire::create_flags::sequential));
  for (auto _ : state) {
    const tree::Outcome created = world.apply(create);
    benchmark::DoNotOptimize(world.apply(
        world.write(wire::DeleteRequest{std::get<wire::CreateReply>(created.reply.body).path, -1})));
  }
}
MUSTER_MICRO(tree_create_and_delete);

void digest_of_100_bytes(benchmark::State& state) {
  const std::string bytes(100, 'x');
  std::uint64_t seed = 0;
  for (auto _ : state) benchmark::DoNotOptimize(seed = tree::hash_bytes(bytes, seed));
}
MUSTER_MICRO(digest_of_100_bytes);

// One watch is armed and fires, among as many as there are znodes.
void watch_armed_and_fired(benchmark::State& state) {
  watch::Watches watches;
  for (std::int64_t i = 0; i < nodes(); ++i)
    watches.add(static_cast<std::uint64_t>(i % 1000), path_of(i), watch::Kind::data);
  const std::string path = "/folder/watched";
  const tree::Change change{tree::ChangeKind::data, path, nullptr};
  for (auto _ : state) {
    watches.add(7, path, watch::Kind::data);
    benchmark::DoNotOptimize(watches.on(change));
  }
}
MUSTER_MICRO(watch_armed_and_fired);

// A thousand watch one znode, for good.
void watch_told_to_1000(benchmark::State& state) {
  watch::Watches watches;
  const std::string path = "/folder/watched";
  for (std::uint64_t connection = 0; connection < 1000; ++connection)
    watches.add(connection, path, watch::Kind::persistent);
  const tree::Change change{tree::ChangeKind::data, path, nullptr};
  for (auto _ : state) benchmark::DoNotOptimize(watches.on(change));
}
MUSTER_MICRO(watch_told_to_1000);

}  // namespace
}  // namespace muster::bench
