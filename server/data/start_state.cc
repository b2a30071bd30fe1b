#include "server/data/start_state.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/check.h"
#include "server/data/read_ahead.h"

namespace muster::data {
namespace {

using Report = std::function<void(const std::string&)>;

constexpr std::size_t kReadBytes = 1024 * 1024;  // of the log at a time
constexpr std::size_t kPartBytes = 256 * 1024;   // of the store
constexpr std::size_t kPartsAhead = 8;           // of either

// The log from one entry to its end, in order.
class LogReader {
 public:
  LogReader(const storage::Durable& durable, Zxid from)
      : next_(from),
        unread_(from),
        parts_(
            [this, &durable] {
              if (unread_ > durable.last()) return Entries();
              Entries entries = durable.read(unread_, durable.last(), kReadBytes);
              unread_ = entries.back().zxid.next();
              return entries;
            },
            kPartsAhead) {}

  std::vector<broadcast::Entry> next(Zxid from) {
    CHECK(from == next_, "a start reads the log once, in order");
    Entries entries = parts_.next();
    CHECK(!entries.empty(), "nothing is asked for beyond the end");
    next_ = entries.back().zxid.next();
    return entries;
  }

 private:
  using Entries = std::vector<broadcast::Entry>;
  Zxid next_, unread_;  // unread_: of the thread that reads
  ReadAhead<Entries> parts_;
};

std::optional<node::LoadedCheckpoint> load_checkpoint(storage::StateStore& store, const std::string& path,
                                                      const Report& report) {
  std::string why;
  try {
    const auto current = store.current();
    if (!current) return std::nullopt;
    const auto view = store.view();
    ReadAhead<tree::PackedRecords> parts([&view] { return view->read(kPartBytes); }, kPartsAhead);
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
  // Who has nothing, and may not use every state, must say so, or it is given one that its next start throws away again.
  const bool is_choosy = from == broadcast::StartFrom::nothing && state_at_least > Zxid{};
  start.stateless = from == broadcast::StartFrom::log_alone || is_choosy;
  if (from != broadcast::StartFrom::state && from != broadcast::StartFrom::new_state && start.checkpoint) {
    report(fmt::format("the state in {} ends below the log's beginning: it is thrown away", path));
    start.checkpoint.reset();
    store.discard();
  }
  start.hard_state = durable.hard_state();
  start.first = durable.first();
  start.last = durable.last();
  start.commit_mark = durable.commit_mark();
  start.read = [&durable, reader = std::shared_ptr<LogReader>()](Zxid next, Zxid last) mutable {
    CHECK(last == durable.last(), "a start reads the log to its end");
    if (!reader) reader = std::make_shared<LogReader>(durable, next);
    return reader->next(next);
  };
  return start;
}

}  // namespace muster::data
