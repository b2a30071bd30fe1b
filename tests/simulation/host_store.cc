// A server's store of checkpoints, and the thread that works on it.
#include <fmt/core.h>

#include <utility>
#include <variant>

#include "server/node/state_work.h"
#include "tests/simulation/host.h"

namespace muster::simulation {

// As server/runtime/data_directory does it.
node::StartState Host::start_state() {
  node::StartState start;
  start.checkpoint = load_checkpoint();
  std::optional<broadcast::StateMark> state;
  if (start.checkpoint) state = {start.checkpoint->meta.base.zxid, start.checkpoint->meta.base.epoch};
  start.state_at_least = identity_->state_at_least();
  const broadcast::StartFrom from = durable_->settle(state, start.state_at_least);
  if ((from == broadcast::StartFrom::log_alone || from == broadcast::StartFrom::nothing) && !may_lack_state_)
    broken("checkpoint", fmt::format("server {}'s log begins at {}, and no state stands for what is below",
                                     index_ + 1, durable_->first().value));
  if (from == broadcast::StartFrom::new_state) around_.logs.on_reset(index_, state->zxid);
  if (from == broadcast::StartFrom::nothing) around_.logs.on_wiped(index_);
  const bool is_choosy = from == broadcast::StartFrom::nothing && start.state_at_least > Zxid{};
  start.stateless = stateless_ = from == broadcast::StartFrom::log_alone || is_choosy;
  if (from != broadcast::StartFrom::state && from != broadcast::StartFrom::new_state && start.checkpoint) {
    start.checkpoint.reset();
    discard_store();
  }
  installed_ = {};
  start.hard_state = durable_->hard_state();
  start.first = durable_->first();
  start.last = durable_->last();
  start.commit_mark = durable_->commit_mark();
  start.read = [this](Zxid first, Zxid last) { return durable_->read(first, last, 100'000); };
  return start;
}

std::optional<node::LoadedCheckpoint> Host::load_checkpoint() {
  const auto current = store_.current();
  if (!current) return std::nullopt;
  auto loaded = [this] {
    const auto view = store_.view();
    return node::load_checkpoint(view->meta(), [&view] { return view->read(2000); });
  }();
  if (!loaded) {
    if (!store_damaged_)
      broken("checkpoint",
             fmt::format("server {} can't load its checkpoint: {}", index_ + 1, loaded.error().message));
    around_.loop.note("discards", {index_ + 1});
    store_damaged_ = false;
    discard_store();
    return std::nullopt;
  }
  const Zxid zxid = loaded->meta.base.zxid;
  if (zxid > durable_->last() && zxid != installed_ && !damaged_)
    broken("checkpoint", fmt::format("server {}'s checkpoint at {} is ahead of its log, which ends at {}",
                                     index_ + 1, zxid.value, durable_->last().value));
  if (zxid < published_)
    broken("checkpoint", fmt::format("server {} published a checkpoint at {} and finds one at {}", index_ + 1,
                                     published_.value, zxid.value));
  around_.loop.note("loads", {index_ + 1, zxid.value});
  if (!may_be_wrong_) around_.model.compare_digest(index_, loaded->tree);
  if (loaded->tree.recompute_digest() != loaded->tree.digest())
    broken("checkpoint", fmt::format("server {}'s checkpoint has another digest than its tree", index_ + 1));
  store_damaged_ = false;  // where it was, a bit changed that means nothing
  ++loads_;
  return std::move(*loaded);
}

void Host::submit(StoreWork work) {
  store_work_.push_back(std::move(work));
  if (!store_busy_) work_on_store();
}

void Host::work_on_store() {
  store_busy_ = true;
  const std::uint64_t incarnation = incarnation_;
  const Action done = [this, incarnation] {
    if (incarnation != incarnation_) return;
    if (comes_to(Fault::crash_in_checkpoint))
      return die(random_.chance(1, 3) ? Death::killed : Death::power_cut, restart_delay());
    const StoreWork work = std::move(store_work_.front());
    store_work_.pop_front();
    std::visit([this](const auto& each) { perform(each); }, work);
    if (incarnation != incarnation_) return;
    store_busy_ = false;
    if (!store_work_.empty()) work_on_store();
  };
  around_.loop.after(disk_delay(), [this, incarnation, done] {
    if (incarnation != incarnation_) return;
    paused_ ? waiting_.push_back(done) : done();
  });
}

void Host::perform(const node::CheckpointWork& work) {
  const bool full = std::holds_alternative<node::CheckpointWork::Put>(work.step) && comes_to(Fault::no_room);
  if (full) around_.loop.mark("checkpoint given up for lack of room");
  const node::CheckpointResult result = full ? node::CheckpointResult::no_room : node::perform(work, store_);
  if (const auto* publish = std::get_if<node::CheckpointWork::Publish>(&work.step)) {
    ++checkpoints_;
    published_ = node::decode_meta(publish->meta)->base.zxid;
    if (published_ > around_.logs.durable_last(index_))
      broken("checkpoint",
             fmt::format("server {} publishes a checkpoint at {}; its log is durable up to {}", index_ + 1,
                         published_.value, around_.logs.durable_last(index_).value));
    around_.loop.note("checkpoint", {index_ + 1, published_.value});
    check_published();
  }
  input([this, ticket = work.ticket, result] { node_->checkpoint_written(now(), ticket, result); });
}

// A start from it would find the state of its zxid.
void Host::check_published() {
  if (store_damaged_ || may_be_wrong_) return;
  const auto view = store_.view();
  const auto loaded = node::load_checkpoint(view->meta(), [&view] { return view->read(2000); });
  if (!loaded)
    broken("checkpoint", fmt::format("server {} publishes a checkpoint that can't be loaded: {}", index_ + 1,
                                     loaded.error().message));
  around_.model.compare_digest(index_, loaded->tree);
}

void Host::perform(const node::StateRead& work) {
  around_.loop.note("state read", {index_ + 1, static_cast<std::int64_t>(work.step.index())});
  node::perform(
      work, *desk_,
      [this](node::TransferId id, const std::string& meta) {
        input([this, id, meta] { node_->state_opened(now(), id, meta); });
      },
      [this](node::TransferId id, std::vector<tree::Record> records) {
        input([this, id, kept = std::move(records)] { node_->state_read(now(), id, kept); });
      });
}

void Host::perform(const node::StateWrite& work) {
  around_.loop.note("state write", {index_ + 1, static_cast<std::int64_t>(work.step.index())});
  const bool full = std::holds_alternative<node::StateWrite::Put>(work.step) && comes_to(Fault::no_room);
  const bool room = !full && node::perform(work, *desk_);
  if (const auto* finish = std::get_if<node::StateWrite::Finish>(&work.step)) {
    published_ = installed_ = node::decode_meta(finish->meta)->base.zxid;
    store_damaged_ = may_be_wrong_ = false;
    may_lack_state_ = false;
    ++installs_;
    around_.loop.note("installs", {index_ + 1, installed_.value});
  }
  input([this, ticket = work.ticket, room] { node_->state_written(now(), ticket, room); });
}

// It dies: what its store was doing may be done, and never reported.
void Host::leave_store_work() {
  if (!store_work_.empty() && std::holds_alternative<node::CheckpointWork>(store_work_.front()))
    around_.loop.mark("crashed while a checkpoint was written");
  if (!store_work_.empty() && desk_ && random_.chance(1, 2)) {
    if (const auto* work = std::get_if<node::CheckpointWork>(&store_work_.front()))
      (void)node::perform(*work, store_);
    if (const auto* work = std::get_if<node::StateWrite>(&store_work_.front())) {
      (void)node::perform(*work, *desk_);
      if (const auto* finish = std::get_if<node::StateWrite::Finish>(&work->step))
        published_ = installed_ = node::decode_meta(finish->meta)->base.zxid;
      if (std::holds_alternative<node::StateWrite::Finish>(work->step)) may_be_wrong_ = false;
    }
  }
  store_work_.clear();
  store_busy_ = false;
}

void Host::discard_store() {
  store_.discard();
  published_ = {};
  may_be_wrong_ = false;
}

// As server/runtime/data_directory does it, with a crash before or between its two steps now and then.
void Host::set_state_aside(Zxid state_at_least) {
  around_.loop.note("sets aside", {index_ + 1, state_at_least.value});
  const std::uint64_t steps = random_.below(4);
  if (steps == 0) return;
  discard_store();
  may_lack_state_ = true;
  if (steps == 1) return;
  try {
    open_identity().set_state_at_least(state_at_least);
  } catch (const storage::DiskError&) {
    // Damaged, or no room: it ends between the two steps.
  }
}

}  // namespace muster::simulation
