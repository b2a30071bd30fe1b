#include "server/data/start_state.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace muster::data {
namespace {

using Report = std::function<void(const std::string&)>;

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

std::optional<node::LoadedCheckpoint> load_checkpoint(storage::StateStore& store, const std::string& path,
                                                      const Report& report) {
  std::string why;
  try {
    const auto current = store.current();
    if (!current) return std::nullopt;
    const auto view = store.view();
    ReadAhead parts(*view);
    auto loaded = node::load_checkpoint(current->meta, [&parts] { return parts.next(); });
    if (loaded) return std::move(*loaded);
    why = loaded.error().message;
  } catch (const storage::StoreDamaged& damage) {
    why = damage.what();
  }
  report(fmt::format("the state in {} is damaged ({}): it is thrown away", path, why));
  store.discard();
  return std::nullopt;
}

}  // namespace

node::StartState start_state(storage::Durable& durable, storage::StateStore& store, Zxid state_at_least,
                             const std::string& path, const Report& report) {
  node::StartState start;
  start.state_at_least = state_at_least;
  start.checkpoint = load_checkpoint(store, path, report);
  std::optional<broadcast::StateMark> state;
  if (start.checkpoint) state = {start.checkpoint->meta.base.zxid, start.checkpoint->meta.base.epoch};
  const broadcast::StartFrom from = durable.settle(state, state_at_least);
  start.stateless = from == broadcast::StartFrom::log_alone;
  if (from != broadcast::StartFrom::state && from != broadcast::StartFrom::new_state && start.checkpoint) {
    report(fmt::format("the state in {} ends below the log's beginning: it is thrown away", path));
    start.checkpoint.reset();
    store.discard();
  }
  start.hard_state = durable.hard_state();
  start.first = durable.first();
  start.last = durable.last();
  start.commit_mark = durable.commit_mark();
  start.read = [&durable](Zxid first, Zxid last) { return durable.read(first, last, kReadBytes); };
  return start;
}

}  // namespace muster::data
