// Three servers on simulated disks, one of which fails at the n-th sync, or refuses the n-th write, for each n in turn. What was
// acknowledged is there afterwards, on all three, and all are the same.
#include <utility>

#include "server/storage/durable.h"
#include "server/storage/leveldb_store.h"
#include "tests/unit/node/cluster.h"
#include "tests/unit/storage/store_fixture.h"

using namespace muster;
using namespace muster::test;

namespace {

const std::string directory = "/data";

class OnDisks : public Cluster {
 public:
  // The disk of `victim` is made to fail before anything is written.
  OnDisks(int victim, const std::function<void(storage::SimFileSystem&)>& arm)
      : Cluster(3, NotBooted{}), victim_(victim) {
    checkpoint.entries = 20;
    arm(files_[victim]);
    for (int id = 1; id <= 3; ++id) try_start(id);
  }

  // False: its disk failed over it.
  bool try_start(int id) {
    try {
      start(id);
    } catch (const storage::DiskError&) {
      died(id);
    }
    return up(id);
  }
  [[nodiscard]] bool up(int id) const { return nodes.count(id) != 0 && paused.count(id) == 0; }
  // As the driver does, now and then.
  void look_for_room() {
    for (int id = 1; id <= 3; ++id) {
      if (!up(id)) continue;
      durables_[id]->prepare();
      tell_room(id);
    }
  }
  [[nodiscard]] int deaths() const { return deaths_; }
  [[nodiscard]] bool was_full() const { return was_full_; }
  [[nodiscard]] storage::SimFileSystem& files() { return files_[victim_]; }

  // The process goes. With `power`, what was not synced goes too.
  void end(int id, bool power) {
    if (nodes.count(id)) crash(id);
    paused.erase(id);
    stores_.erase(id);
    durables_.erase(id);
    power ? files_[id].crash(Random(static_cast<std::uint64_t>(++ends_))) : files_[id].kill();
  }

 private:
  node::StartState found(int id) override {
    storage::DurableOptions options;
    options.segment_bytes = std::uint64_t{16} * 1024;
    options.nonce = [this] { return random_.next(); };
    options.repair = true;
    durables_[id] = std::make_unique<storage::Durable>(files_[id], directory, options);
    locked_[id] = std::make_unique<storage::LockedFiles>(files_[id]);
    stores_[id] =
        std::make_unique<storage::LevelDbStore>(*locked_[id], directory, storage::LevelDbStore::Options{});
    node::StartState state;
    std::optional<broadcast::StateMark> mark;
    if (const auto current = stores_[id]->current()) {
      const auto view = stores_[id]->view();
      auto loaded = node::load_checkpoint(current->meta, [&view] { return view->read(10'000); });
      REQUIRE(loaded.has_value());
      state.checkpoint = std::move(*loaded);
      mark = {state.checkpoint->meta.base.zxid, state.checkpoint->meta.base.epoch};
    }
    storage::Durable& durable = *durables_[id];
    const broadcast::StartFrom from = durable.settle(mark);
    REQUIRE(from != broadcast::StartFrom::log_alone);
    state.hard_state = durable.hard_state();
    state.first = durable.first();
    state.last = durable.last();
    state.commit_mark = durable.commit_mark();
    state.read = [&durable](Zxid first, Zxid last) { return durable.read(first, last, 100'000); };
    return state;
  }
  bool write(int id, const broadcast::Persist& persist) override {
    if (paused.count(id)) return false;
    try {
      const bool room = durables_[id]->make_room(persist);
      if (room) durables_[id]->perform(persist);
      tell_room(id);
      return room;
    } catch (const storage::DiskError&) {
      died(id);
      return false;
    }
  }
  std::optional<node::CheckpointResult> store(int id, const node::CheckpointWork& work) override {
    if (paused.count(id)) return std::nullopt;
    try {
      return node::perform(work, *stores_[id]);
    } catch (const storage::DiskError&) {
      died(id);
      return std::nullopt;
    }
  }
  std::vector<broadcast::Entry> read(int id, const broadcast::Fetch& fetch) override {
    const storage::Durable& durable = *durables_[id];
    if (fetch.from < durable.first() || fetch.from > durable.last()) return {};
    return durable.read(fetch.from, std::min(fetch.to, durable.last()), fetch.max_bytes);
  }

  // It says nothing more; it is cleared away by end().
  void died(int id) {
    REQUIRE(id == victim_);
    ++deaths_;
    paused.insert(id);
  }
  void tell_room(int id) {
    const bool room = durables_[id]->room();
    was_full_ = was_full_ || !room;
    node(id).disk_room(now(), room);
  }

  int victim_;
  Random random_{99};
  std::map<int, storage::SimFileSystem> files_;
  std::map<int, std::unique_ptr<storage::LockedFiles>> locked_;
  std::map<int, std::unique_ptr<storage::Durable>> durables_;
  std::map<int, std::unique_ptr<storage::LevelDbStore>> stores_;
  int deaths_ = 0, ends_ = 0;
  bool was_full_ = false;
};

// One client's counter, which it sets through a server that does not fail.
class Story {
 public:
  Story(int victim, const std::function<void(storage::SimFileSystem&)>& arm)
      : cluster(victim, arm), victim_(victim) {}

  // Until the failure has come, so many writes later at the latest.
  void work(int writes, const std::function<bool(OnDisks&)>& over) {
    for (int i = 0; i < writes && !over(cluster); ++i) write();
  }
  void write() {
    if (!client_ || client_->closed) connect();
    if (!client_) return cluster.pass(200);
    const Lines said = cluster.ask(
        *client_, created_ ? wire::Request(set("/c", std::string(200, 'x'))) : wire::Request(create("/c")));
    for (const std::string& line : said) {
      created_ = created_ || line.find("path=/c") != std::string::npos ||
                 line.find("error -110") != std::string::npos;
      const std::size_t at = line.find("version=");
      if (at != std::string::npos) acknowledged_ = std::max(acknowledged_, std::stoi(line.substr(at + 8)));
    }
    if (said.empty()) cluster.pass(200);
  }
  // The others go on without the one that ended.
  void check_others() {
    const int before = acknowledged_;
    for (int i = 0; i < 40 && acknowledged_ <= before + 2; ++i) write();
    CHECK(acknowledged_ > before);
  }
  void restart_and_check(bool power_cut_behind_it) {
    cluster.end(victim_, false);
    REQUIRE(cluster.try_start(victim_));
    if (power_cut_behind_it) {  // what the start found in the page cache and announced is durable
      cluster.pass(500);
      cluster.end(victim_, true);
      REQUIRE(cluster.try_start(victim_));
    }
    check();
  }
  void check() {
    for (int i = 0; i < 3; ++i) {
      cluster.look_for_room();
      cluster.pass(1500);
    }
    check_others();
    cluster.pass(500);
    for (const int id : {1, 2, 3}) {
      const tree::Tree& tree = cluster.node(id).tree();
      CHECK(tree.digest() == cluster.node(other()).tree().digest());
      CHECK(tree.stat("/c")->version >= acknowledged_);
    }
  }

  OnDisks cluster;

 private:
  [[nodiscard]] int other() const { return victim_ == 3 ? 1 : 3; }
  void connect() {
    client_ = nullptr;
    for (int waited = 0; cluster.leader() == 0; ++waited) {
      if (waited == 100) return;
      if (!cluster.up(victim_)) {
        cluster.end(victim_, false);
        REQUIRE(cluster.try_start(victim_));
      }
      cluster.pass(100);
    }
    Client& client = cluster.open(other());
    cluster.send_bytes(client, client.frames.connect({}));
    cluster.settle();
    if (cluster.heard(client) == Lines{"session"}) client_ = &client;
  }

  int victim_;
  Client* client_ = nullptr;
  bool created_ = false;
  int acknowledged_ = 0;
};

// The first to be asked leads: 1.
constexpr int victims[] = {1, 2};

void fail_syncs(std::uint64_t first, std::uint64_t last, std::uint64_t step) {
  int deaths = 0;
  for (std::uint64_t n = first; n <= last; n += step) {
    for (const int victim : victims) {
      INFO("sync " << n << " of server " << victim);
      Story story(victim, [n](storage::SimFileSystem& files) { files.lose_sync_at(n); });
      story.work(400, [](OnDisks& cluster) { return cluster.deaths() > 0; });
      REQUIRE(story.cluster.deaths() == 1);
      if (!story.cluster.up(victim)) story.check_others();
      story.restart_and_check(n % 2 == 0);
      ++deaths;
    }
  }
  CHECK(deaths > 0);
}

void refuse_writes(std::uint64_t first, std::uint64_t last, std::uint64_t step) {
  int deaths = 0, full = 0;
  for (std::uint64_t n = first; n <= last; n += step) {
    for (const int victim : victims) {
      INFO("write " << n << " of server " << victim);
      Story story(victim, [n](storage::SimFileSystem& files) { files.refuse_write_at(n); });
      story.work(600, [n](OnDisks& cluster) {
        return cluster.deaths() > 0 || cluster.was_full() || cluster.files().counters().writes > n;
      });
      REQUIRE(story.cluster.files().counters().writes >= n);
      deaths += story.cluster.deaths();
      full += story.cluster.was_full() ? 1 : 0;
      if (story.cluster.up(victim)) {
        story.check();
      } else {
        story.check_others();
        story.restart_and_check(n % 2 == 0);
      }
    }
  }
  CHECK(deaths > 0);  // where what is there already can't be written over
  if (step == 1) CHECK(full > 0);
}

}  // namespace

TEST_CASE("a sync that fails ends the server, and nothing is lost: some of them") { fail_syncs(1, 200, 25); }
TEST_CASE("a sync that fails ends the server, and nothing is lost: each of the first 200", "[.sweep]") {
  fail_syncs(1, 200, 1);
}
TEST_CASE("a write that finds no room costs nothing that was acknowledged: some of them") {
  refuse_writes(1, 500, 50);
}
TEST_CASE("a write that finds no room costs nothing that was acknowledged: each of the first 500",
          "[.sweep]") {
  refuse_writes(1, 500, 1);
}
