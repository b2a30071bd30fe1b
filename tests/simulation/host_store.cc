// A server's store of checkpoints, and the thread that works on it.
#include <fmt/core.h>

#include <utility>

#include "common/check.h"
#include "tests/simulation/host.h"

namespace muster::simulation {

std::optional<node::LoadedCheckpoint> Host::load_checkpoint() {
  const auto current = store_.current();
  if (!current) return std::nullopt;
  auto loaded = [this] {
    const auto view = store_.view();
    return node::load_checkpoint(view->meta(), [&view] { return view->next(2000); });
  }();
  if (!loaded) {
    if (!store_damaged_)
      broken("checkpoint",
             fmt::format("server {} can't load its checkpoint: {}", index_ + 1, loaded.error().message));
    around_.loop.note("discards", {index_ + 1});
    store_damaged_ = false;
    store_.discard();
    return std::nullopt;
  }
  const Zxid zxid = loaded->meta.base.zxid;
  if (zxid > durable_->last())
    broken("checkpoint", fmt::format("server {}'s checkpoint at {} is ahead of its log, which ends at {}",
                                     index_ + 1, zxid.value, durable_->last().value));
  if (zxid < published_)
    broken("checkpoint", fmt::format("server {} published a checkpoint at {} and finds one at {}", index_ + 1,
                                     published_.value, zxid.value));
  around_.loop.note("loads", {index_ + 1, zxid.value});
  around_.model.compare_digest(index_, loaded->tree);
  if (loaded->tree.recompute_digest() != loaded->tree.digest())
    broken("checkpoint", fmt::format("server {}'s checkpoint has another digest than its tree", index_ + 1));
  ++loads_;
  return std::move(*loaded);
}

void Host::submit(node::CheckpointWork work) {
  CHECK(!making_, "one unit of work on a checkpoint is in flight at a time");
  making_ = std::move(work);
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(disk_delay(), [this, incarnation] {
    if (incarnation != incarnation_) return;
    paused_ ? waiting_.push_back([this] { perform_checkpoint(); }) : perform_checkpoint();
  });
}

void Host::perform_checkpoint() {
  if (dies_at(around_.profile.crash_in_checkpoint))
    return die(random_.chance(1, 3) ? Death::killed : Death::power_cut, restart_delay());
  const node::CheckpointWork work = *std::exchange(making_, std::nullopt);
  const bool full = std::holds_alternative<node::CheckpointWork::Put>(work.step) &&
                    dies_at(around_.profile.no_room_per_thousand);
  const node::CheckpointResult result = full ? node::CheckpointResult::no_room : node::perform(work, store_);
  if (const auto* publish = std::get_if<node::CheckpointWork::Publish>(&work.step)) {
    ++checkpoints_;
    published_ = node::decode_meta(publish->meta)->base.zxid;
    if (published_ > around_.logs.durable_last(index_))
      broken("checkpoint",
             fmt::format("server {} publishes a checkpoint at {}; its log is durable up to {}", index_ + 1,
                         published_.value, around_.logs.durable_last(index_).value));
    around_.loop.note("checkpoint", {index_ + 1, published_.value});
  }
  input([this, ticket = work.ticket, result] { node_->checkpoint_written(now(), ticket, result); });
}

void Host::damage_store() {
  if (up() || !store_.damage(random_.fork(random_.next()))) return;
  around_.loop.note("damages", {index_ + 1});
  store_damaged_ = true;
  published_ = {};
}

}  // namespace muster::simulation
