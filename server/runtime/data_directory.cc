#include "server/runtime/data_directory.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "server/runtime/crypto.h"
#include "server/runtime/logging.h"
#include "server/runtime/server.h"
#include "server/storage/leveldb_store.h"

namespace muster::runtime {
namespace {

constexpr std::size_t kReadBytes = 4 * 1024 * 1024;  // of the log at a time
constexpr std::size_t kPartBytes = 256 * 1024;       // of the store
constexpr std::size_t kPartsAhead = 8;

// Reads the next parts of a checkpoint on a thread of its own while those before go into the tree.
class ReadAhead {
 public:
  explicit ReadAhead(storage::StateView& view) : view_(view), thread_([this] { loop(); }) {}
  ~ReadAhead() {
    {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Throws what reading it threw. Not to be called again after the end, an empty part.
  tree::PackedRecords next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !parts_.empty() || failure_; });
    if (parts_.empty()) std::rethrow_exception(failure_);
    tree::PackedRecords part = std::move(parts_.front());
    parts_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return part;
  }

 private:
  void loop() {
    try {
      for (bool more = true; more;) {
        tree::PackedRecords part = view_.read(kPartBytes);
        more = !part.empty();
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return parts_.size() < kPartsAhead || abandoned_; });
        if (abandoned_) return;
        parts_.push_back(std::move(part));
        lock.unlock();
        changed_.notify_all();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      changed_.notify_all();
    }
  }

  storage::StateView& view_;
  std::mutex mutex_;  // guards the next three
  std::deque<tree::PackedRecords> parts_;
  std::exception_ptr failure_;
  bool abandoned_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace

DataDirectory::DataDirectory(const config::Config& config)
    : path_(config.data_dir), repair_(config.membership().voters() > 1), files_(storage::real_file_system()) {
  try {
    files_->create_directories(path_);
    lock_ = std::make_unique<storage::DirectoryLock>(path_);
    identity_ = std::make_unique<storage::IdentityFile>(*files_, path_, config.server_id);
  } catch (const storage::DiskError& error) {
    throw StartError(error.what());
  }
}

void DataDirectory::open() {
  storage::DurableOptions options;
  options.nonce = random_number;
  options.report = [](const std::string& sentence) { log::warn(sentence); };
  options.repair = repair_;
  durable_ = std::make_unique<storage::Durable>(*files_, path_, std::move(options));
  store_ = std::make_unique<storage::LevelDbStore>(*files_, path_, storage::LevelDbStore::Options{});
}

node::StartState DataDirectory::start_state() {
  open();
  node::StartState start;
  start.checkpoint = load_checkpoint();
  std::optional<broadcast::StateMark> state;
  if (start.checkpoint) state = {start.checkpoint->meta.base.zxid, start.checkpoint->meta.base.epoch};
  start.state_at_least = identity_->state_at_least();
  const broadcast::StartFrom from = durable_->settle(state, start.state_at_least);
  start.stateless = from == broadcast::StartFrom::log_alone;
  if (from != broadcast::StartFrom::state && from != broadcast::StartFrom::new_state && start.checkpoint) {
    log::warn(fmt::format("the state in {} ends below the log's beginning: it is thrown away", path_));
    start.checkpoint.reset();
    store_->discard();
  }
  start.hard_state = durable_->hard_state();
  start.first = durable_->first();
  start.last = durable_->last();
  start.commit_mark = durable_->commit_mark();
  start.read = [this](Zxid first, Zxid last) { return durable_->read(first, last, kReadBytes); };
  return start;
}

// First the state: a crash before the second step leaves a server that makes it anew from its log, or asks for one.
void DataDirectory::set_state_aside(Zxid state_at_least) {
  store_->discard();
  identity_->set_state_at_least(state_at_least);
}

std::optional<node::LoadedCheckpoint> DataDirectory::load_checkpoint() {
  std::string why;
  try {
    const auto current = store_->current();
    if (!current) return std::nullopt;
    const auto view = store_->view();
    ReadAhead parts(*view);
    auto loaded = node::load_checkpoint(current->meta, [&parts] { return parts.next(); });
    if (loaded) return std::move(*loaded);
    why = loaded.error().message;
  } catch (const storage::StoreDamaged& damage) {
    why = damage.what();
  }
  log::warn(fmt::format("the state in {} is damaged ({}): it is thrown away", path_, why));
  store_->discard();
  return std::nullopt;
}

}  // namespace muster::runtime
