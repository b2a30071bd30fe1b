#include "server/node/checkpoints.h"

#include <utility>

#include "common/check.h"
#include "common/mutant.h"
#include "server/tree/checkpoint_source.h"

namespace muster::node {

Checkpoints::Checkpoints(const CheckpointLimits& limits, const Meta* last, double share) : limits_(limits) {
  if (last != nullptr) {
    number_ = last->number;
    last_ = last->base.zxid;
  }
  grown_.entries = static_cast<std::size_t>(share * static_cast<double>(limits.entries));
  grown_.bytes = static_cast<std::size_t>(share * static_cast<double>(limits.bytes));
}

void Checkpoints::grow(std::size_t entries, std::size_t bytes) {
  grown_.entries += entries;
  grown_.bytes += bytes;
}

bool Checkpoints::due(Now now) const {
  return (hurried_ || grown_.entries >= limits_.entries || grown_.bytes >= limits_.bytes) &&
         now.mono_ms >= retry_at_ms_;
}

void Checkpoints::begin(tree::Tree& tree, const broadcast::Base& base) {
  making_ = {number_ + 1, base, tree.digest(), 1};
  all_collected_ = hurried_ = false;
  grown_at_begin_ = grown_;
  tree::CheckpointSource(tree).begin();
  stage_ = Stage::collecting;
}

// What was put so far is overwritten by the next attempt, which has the same number and holds everything.
void Checkpoints::give_up(Now now, tree::Tree& tree) {
  tree::CheckpointSource(tree).abandon();
  retry_at_ms_ = now.mono_ms + limits_.retry_ms;
  stage_ = Stage::waiting;
}

std::optional<CheckpointWork> Checkpoints::next(Now now, tree::Tree& tree, const broadcast::Peer& peer) {
  if (in_flight_ != 0) return std::nullopt;
  if (stage_ == Stage::cleaning) return hand_out(CheckpointWork::Clean{});
  if (stage_ == Stage::waiting) {
    if (!due(now)) return std::nullopt;
    const std::optional<broadcast::Base> base = peer.base();
    if (!base) return std::nullopt;
    CHECK(base->zxid == tree.applied(),
          "a checkpoint is of a state in which all that was delivered is applied");
    begin(tree, *base);
  }
  tree::CheckpointSource source(tree);
  if (stage_ == Stage::collecting) {
    if (source.kept_bytes() > limits_.max_kept_bytes) {
      give_up(now, tree);
      return std::nullopt;
    }
    tree::CheckpointSource::Part part = source.next(limits_.part_bytes);
    all_collected_ = part.last;
    return hand_out(CheckpointWork::Put{std::move(part.records)});
  }
  // Never ahead of the log: after a crash it must reach from the checkpoint on.
  if (peer.durable() < making_.base.zxid && !mutant(Mutant::checkpoint_ahead_of_the_log)) return std::nullopt;
  return hand_out(CheckpointWork::Publish{encode(making_)});
}

bool Checkpoints::written(Now now, CheckpointTicket ticket, CheckpointResult result, tree::Tree& tree) {
  CHECK(ticket == in_flight_ && ticket != 0, "only the work in flight can be reported");
  in_flight_ = 0;
  switch (stage_) {
    case Stage::cleaning:
      if (result == CheckpointResult::done) stage_ = Stage::waiting;
      return false;
    case Stage::collecting:
      if (result == CheckpointResult::no_room) {
        give_up(now, tree);
      } else if (all_collected_) {
        stage_ = Stage::publishing;
      }
      return false;
    case Stage::publishing:
      tree::CheckpointSource(tree).published();
      number_ = making_.number;
      last_ = making_.base.zxid;
      grown_.entries -= grown_at_begin_.entries;
      grown_.bytes -= grown_at_begin_.bytes;
      stage_ = Stage::cleaning;
      return true;
    case Stage::waiting:
      break;
  }
  CHECK(false, "while nothing is made nothing is written");
  return false;
}

}  // namespace muster::node
