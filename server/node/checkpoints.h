// Makes checkpoints: decides when one is due and hands out its work, one unit at a time.
//
//     clean … clean → (due) → put … put → publish → clean … clean → (due) …
//
// A checkpoint is the state at one zxid, committed and applied; it is published when this server's own log is durable up to there.
#pragma once

#include <cstdint>
#include <optional>

#include "common/clock.h"
#include "server/broadcast/peer.h"
#include "server/node/checkpoint.h"
#include "server/tree/tree.h"

namespace muster::node {

class Checkpoints {
 public:
  // `last`: the checkpoint that the store holds; null: none. `share` of servers in [0, 1): so much of the way to the first
  // checkpoint is taken as done, so that servers that start together make theirs one after the other.
  Checkpoints(const CheckpointLimits& limits, const Meta* last, double share);

  // The log of what is applied grew.
  void grow(std::size_t entries, std::size_t bytes);
  // The next unit, if none is in flight. `tree` is at peer.delivered().
  [[nodiscard]] std::optional<CheckpointWork> next(Now now, tree::Tree& tree, const broadcast::Peer& peer);
  // The unit in flight is done. Requires that it is that one (CHECK). True: a checkpoint was published.
  bool written(Now now, CheckpointTicket ticket, CheckpointResult result, tree::Tree& tree);

  // The next one is due at once.
  void hurry() { hurried_ = true; }

  [[nodiscard]] Zxid making() const { return making_.base.zxid; }  // or made; 0: none since the start
  [[nodiscard]] Zxid last() const { return last_; }                // published; 0: none

 private:
  enum class Stage : std::uint8_t { cleaning, waiting, collecting, publishing };
  struct Growth {
    std::size_t entries = 0, bytes = 0;
  };

  [[nodiscard]] bool due(Now now) const;
  void begin(tree::Tree& tree, const broadcast::Base& base);
  void give_up(Now now, tree::Tree& tree);
  template <class Step>
  CheckpointWork hand_out(Step step) {
    in_flight_ = ++last_ticket_;
    return {in_flight_, making_.number, std::move(step)};
  }

  CheckpointLimits limits_;
  Stage stage_ = Stage::cleaning;
  std::uint64_t number_ = 0;  // of the last one published
  Zxid last_;
  Growth grown_;  // since the last one began
  Growth grown_at_begin_;
  Meta making_;
  bool all_collected_ = false;
  bool hurried_ = false;
  std::int64_t retry_at_ms_ = 0;
  CheckpointTicket in_flight_ = 0, last_ticket_ = 0;
};

}  // namespace muster::node
