#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "server/data/data.h"
#include "server/node/checkpoint.h"
#include "server/node/start.h"

namespace muster::data {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;

std::optional<node::LoadedCheckpoint> load(storage::StateStore& store) {
  try {
    const auto current = store.current();
    if (!current) return std::nullopt;
    const auto view = store.view();
    auto loaded = node::load_checkpoint(current->meta, [&view] { return view->read(kReadBytes); });
    if (!loaded) throw Bad("the checkpoint is damaged: " + loaded.error().message + ".");
    if (loaded->tree.recompute_digest() != loaded->meta.digest)
      throw Bad("the checkpoint is damaged: its znodes and sessions have another digest than it says.");
    return std::move(*loaded);
  } catch (const storage::StoreDamaged& damage) {
    throw Bad(std::string("the checkpoint is damaged: ") + damage.what() + ".");
  }
}

// Follows the log over the checkpoint, as a start does.
class Replay {
 public:
  explicit Replay(std::optional<node::LoadedCheckpoint> checkpoint) : checkpoint_(std::move(checkpoint)) {
    if (checkpoint_) tree_ = std::move(checkpoint_->tree);
  }

  void operator()(const broadcast::Entry& entry, Zxid commit_mark) {
    if (entry.epoch < epoch_)
      throw Bad(fmt::format("entry {} of the log is of epoch {}, after one of epoch {}.", entry.zxid.value,
                            entry.epoch.value, epoch_.value));
    epoch_ = entry.epoch;
    if (checkpoint_ && entry.zxid == checkpoint_->meta.base.zxid &&
        entry.epoch != checkpoint_->meta.base.epoch)
      throw Bad(fmt::format("entry {} of the log is of epoch {}; the checkpoint there is of epoch {}.",
                            entry.zxid.value, entry.epoch.value, checkpoint_->meta.base.epoch.value));
    if (entry.zxid <= tree_.applied() || entry.zxid > commit_mark) return;
    if (entry.kind == broadcast::EntryKind::command)
      (void)tree_.apply(node::stamp_of(entry), entry.payload.view());
    else
      tree_.skip(node::stamp_of(entry));
  }

  [[nodiscard]] const tree::Tree& tree() const { return tree_; }
  [[nodiscard]] const std::optional<node::LoadedCheckpoint>& checkpoint() const { return checkpoint_; }

 private:
  std::optional<node::LoadedCheckpoint> checkpoint_;
  tree::Tree tree_;
  Epoch epoch_;
};

}  // namespace

std::string verify(const std::string& path) {
  Directory directory(path);
  const storage::Durable& log = directory.durable();
  Replay replay(load(directory.store()));
  const auto& checkpoint = replay.checkpoint();
  const Zxid state = checkpoint ? checkpoint->meta.base.zxid : Zxid{};
  if (log.first() > state.next())
    throw Bad(
        fmt::format("the log begins at zxid {}, and the state ends at zxid {}: what lies between is missing.",
                    log.first().value, state.value));
  if (log.last() < state)
    throw Bad(
        fmt::format("the log ends at zxid {}, before the state at zxid {}.", log.last().value, state.value));
  const Zxid mark = std::max(log.commit_mark(), state);
  directory.for_each_entry([&](const broadcast::Entry& entry) { replay(entry, mark); });
  if (replay.tree().recompute_digest() != replay.tree().digest())
    throw Bad("the log, applied to the checkpoint, gives a tree with another digest than it counts.");

  std::string text = fmt::format("server {}\n", directory.identity().server.value);
  text += log.last() < log.first() ? fmt::format("log: empty, the next entry is {}\n", log.first().value)
                                   : fmt::format("log: entries {} to {}, known to be committed up to {}\n",
                                                 log.first().value, log.last().value, mark.value);
  text += checkpoint ? fmt::format("checkpoint: number {} at zxid {} of epoch {}, digest {:016x}\n",
                                   checkpoint->meta.number, state.value, checkpoint->meta.base.epoch.value,
                                   checkpoint->meta.digest)
                     : std::string("checkpoint: none\n");
  text +=
      fmt::format("state at zxid {}: {} znodes, {} sessions, digest {:016x}\n", replay.tree().applied().value,
                  replay.tree().node_count(), replay.tree().sessions().size(), replay.tree().digest());
  for (const std::string& remark : directory.remarks()) text += "a start will say: " + remark + "\n";
  return text;
}

}  // namespace muster::data
