// The follower's side of being given a state (state_messages.h). What it has so far stays as it is until the whole of the new state
// is there, proven by its digest, and durable.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "common/clock.h"
#include "server/broadcast/peer.h"
#include "server/node/checkpoint.h"
#include "server/node/digests.h"
#include "server/node/state_messages.h"
#include "server/tree/checkpoint_source.h"

namespace muster::node {

class StateReceiver {
 public:
  using Answer = std::variant<StateAck, StateRefusal>;
  struct Source {
    ServerId leader;
    broadcast::LinkId link = 0;
    friend bool operator==(const Source&, const Source&) = default;
  };

  StateReceiver(const TransferLimits& limits, std::int64_t unconfirmed_ms)
      : limits_(limits), unconfirmed_ms_(unconfirmed_ms) {}

  // Of the leader that this server follows, over the present link to it.
  void on_offer(const Source& from, const broadcast::Peer& peer, const StateOffer& offer);
  void on_chunk(const Source& from, StateChunk chunk);
  // All of it has come and is what its meta says. It is installed when the others confirm it, or, if they say nothing, in time.
  [[nodiscard]] bool waits_for_support() const {
    return receiving_ && receiving_->whole && !receiving_->settled;
  }
  [[nodiscard]] Zxid receiving() const { return receiving_->meta.base.zxid; }
  void settle(Now now, Support support);
  // Another leader or link, or none: what came so far is of no use.
  void keep_only(const Source& from);
  // The unit in flight is done; `ok`: there was room for it.
  void written(std::uint64_t ticket, bool ok);

  // The next unit of work, if none is in flight.
  [[nodiscard]] std::optional<StateWrite> next();
  // A second store is in the making: no checkpoint is to be made beside it.
  [[nodiscard]] bool active() const { return receiving_ || !work_.empty() || in_flight_ || installed_; }
  // The new state is in its place: this server is to be started again from its disk.
  [[nodiscard]] bool installed() const { return installed_; }
  [[nodiscard]] std::vector<std::pair<Source, Answer>> take_answers() { return std::exchange(answers_, {}); }

 private:
  struct Receiving {
    Source from;
    TransferId id;
    Meta meta;
    std::string meta_bytes;
    tree::TreeLoader loader;
    std::uint64_t received, written;
    bool whole, settled;
    std::optional<std::int64_t> whole_since_ms;
  };

  struct InFlight {
    std::uint64_t ticket = 0;
    TransferId put = 0;  // of this one's records
    bool finish = false;
  };

  void refuse(const Source& to, TransferId id);
  void drop();
  template <class Step>
  void add(Step step) {
    work_.push_back({++last_ticket_, std::move(step)});
  }

  TransferLimits limits_;
  std::int64_t unconfirmed_ms_;
  std::optional<Receiving> receiving_;
  std::deque<StateWrite> work_;
  std::optional<InFlight> in_flight_;
  std::uint64_t last_ticket_ = 0;
  bool installed_ = false;
  std::vector<std::pair<Source, Answer>> answers_;
};

}  // namespace muster::node
