#include "tests/unit/sweeps/story.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <stdexcept>

#include "server/storage/log_format.h"
#include "server/tree/checkpoint_source.h"
#include "tests/unit/sweeps/disk_server.h"

namespace muster::sweeps {

using storage::SimFileSystem;

namespace {

void put_all(tree::Tree& tree, const std::function<bool(const std::vector<tree::Record>&)>& put) {
  tree::CheckpointSource source(tree);
  source.begin();
  for (bool last = false; !last;) {
    const tree::CheckpointSource::Part part = source.next(8000);
    if (!put(part.records)) throw std::runtime_error("the simulated disk has no room");
    last = part.last;
  }
}

}  // namespace

broadcast::HardState not_below(const Entries& log, broadcast::HardState state) {
  if (!log.empty() && log.back().epoch > state.epoch) {
    state.epoch = log.back().epoch;
    state.vote = ServerId{};
  }
  return state;
}

void Expected::cut(Zxid keep) {
  while (!log.empty() && log.back().zxid > keep) log.pop_back();
}

void Expected::perform(const Step& step) {
  if (const auto* persist = std::get_if<broadcast::Persist>(&step)) {
    if (persist->truncate_after) cut(*persist->truncate_after);
    log.insert(log.end(), persist->append.begin(), persist->append.end());
    committed = std::max(committed, persist->committed);
    if (persist->hard_state) hard_state = *persist->hard_state;
    // Whole segments go; only none that holds more than was allowed.
    if (persist->purge_through) base = std::max(base, *persist->purge_through);
  } else if (const auto* made = std::get_if<Checkpoint>(&step)) {
    checkpoint = Zxid{made->zxid};
  } else if (std::holds_alternative<Restart>(step)) {
    hard_state = not_below(log, hard_state);
  } else if (const auto* installed = std::get_if<Install>(&step)) {
    hard_state = not_below(log, hard_state);
    base = committed = checkpoint = Zxid{installed->zxid};
    log.clear();
  } else if (const auto* aside = std::get_if<SetAside>(&step)) {
    if (aside->votes) {
      hard_state = not_below(log, broadcast::HardState{});
    } else {
      base = committed = Zxid{};
      log.clear();
    }
    hard_state.qualified = false;
  } else if (std::holds_alternative<NoteCluster>(step)) {
    cluster = true;
  }
}

class Story::Teller {
 public:
  Teller(const Story& story, SimFileSystem& files)
      : story_(story), files_(files), server_(files, {story.segment_bytes_, ServerId{1}}) {}

  void operator()(const Opening&) { start(); }
  void operator()(const Restart&) { start(); }
  void operator()(const NoteCluster&) { server_.identity().set_cluster(History::cluster_id); }
  void operator()(const broadcast::Persist& persist) { server_.durable().perform(persist); }
  void operator()(const Checkpoint& step) {
    storage::StateStore& store = server_.store();
    while (store.clean()) {
    }
    story_.history_.apply(tree_, step.zxid);
    ++number_;
    server_.let_tables_wait(true);
    put_all(tree_, [&](const auto& records) { return store.put(number_, records); });
    store.publish(number_, encode(story_.history_.meta_at(step.zxid, number_)));
    server_.let_tables_wait(false);
    tree::CheckpointSource(tree_).published();
    while (store.clean()) {
    }
  }
  void operator()(const Install& step) {
    tree::Tree theirs = story_.history_.tree_at(step.zxid);
    number_ += 10;
    server_.desk().begin();
    put_all(theirs, [&](const auto& records) { return server_.desk().put(records); });
    server_.desk().finish(number_, encode(story_.history_.meta_at(step.zxid, number_)));
    start();
  }

  void operator()(const SetAside& step) {
    server_.close();
    if (step.votes) {
      for (const char* name : {"/vote-0", "/vote-1"}) files_.plant(kData + name, std::string(512, 'x'));
    } else {
      const std::string path = kData + "/" + storage::segment_name(Zxid{1});
      std::string bytes = *files_.contents(path);
      bytes.at(bytes.size() / 2) ^= 1;
      files_.plant(path, bytes);
    }
    start();
  }

 private:
  void start() {
    node::Started started = node::replay(server_.open());
    tree_ = std::move(started.tree);
    if (started.checkpoint) number_ = started.checkpoint->number;
  }

  const Story& story_;
  SimFileSystem& files_;
  DiskServer server_;
  tree::Tree tree_;
  std::uint64_t number_ = 0;
};

Story::Story(std::string name, History history, std::vector<Step> steps, std::uint64_t segment_bytes)
    : name_(std::move(name)),
      history_(std::move(history)),
      steps_(std::move(steps)),
      expected_{Expected{}},
      segment_bytes_(segment_bytes) {
  steps_.insert(steps_.begin(), Opening{});
  for (const Step& step : steps_) {
    expected_.push_back(expected_.back());
    expected_.back().perform(step);
  }
  steps_.emplace_back(Opening{});  // what is under way when all is done
}

std::vector<Moment> Story::tell(std::optional<storage::SyncSite> ignored) const {
  std::vector<Moment> moments;
  std::atomic<std::size_t> steps = 0;
  SimFileSystem files;
  if (ignored) files.ignore_syncs_of(*ignored);
  files.before_each_operation([&] { moments.push_back({files, steps}); });
  {
    Teller teller(*this, files);
    for (; steps + 1 < steps_.size(); ++steps) std::visit(teller, steps_[steps]);
  }
  moments.push_back({files, steps});
  for (Moment& moment : moments) moment.disk.kill();
  return moments;
}

}  // namespace muster::sweeps
