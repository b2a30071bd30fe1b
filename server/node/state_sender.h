// The leader's side of giving states (state_messages.h). Each follower that wants one has at most one transfer; each transfer reads
// one chunk at a time, and only as many ahead as the follower has room for.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "server/broadcast/peer.h"
#include "server/node/checkpoint.h"
#include "server/node/state_messages.h"

namespace muster::node {

class StateSender {
 public:
  explicit StateSender(const TransferLimits& limits) : limits_(limits) {}

  void want(const broadcast::WantState& to);
  // That server's link is gone, or (of all) this one leads no more.
  void end(ServerId peer);
  void end_all();
  void on_ack(ServerId from, broadcast::LinkId link, const StateAck& ack);
  void on_refusal(Now now, ServerId from, broadcast::LinkId link, const StateRefusal& refusal);
  // Answers of the store. `meta`: empty if there is no checkpoint, or it cannot be read.
  void opened(Now now, broadcast::Peer& peer, TransferId id, const std::string& meta);
  void read(TransferId id, std::vector<tree::Record> records);
  void checkpoint_published();
  void tick(Now now, broadcast::Peer& peer);

  // A follower waits for a checkpoint that is yet to be made.
  [[nodiscard]] bool wants_checkpoint() const;
  [[nodiscard]] std::vector<StateRead> take_reads() { return std::exchange(reads_, {}); }
  struct Sending {
    ServerId to;
    broadcast::LinkId link = 0;
    std::variant<StateOffer, StateChunk> message;
  };
  [[nodiscard]] std::vector<Sending> take_messages() { return std::exchange(messages_, {}); }

 private:
  enum class Stage : std::uint8_t {
    opening,  // the store was asked for a view
    waiting,  // for a newer checkpoint
    sending,
    sent,     // all: the follower starts again with it, which breaks the link
    refused,  // to be tried again in a while
  };
  struct Transfer {
    broadcast::WantState to;
    Stage stage = Stage::opening;
    std::uint64_t sent = 0, acked = 0;
    bool reading = false;
    std::int64_t retry_at_ms = 0;
  };

  void open(const broadcast::WantState& to);
  void read_ahead(TransferId id, Transfer& transfer);
  void close(TransferId id);
  [[nodiscard]] Transfer* find(TransferId id);
  [[nodiscard]] Transfer* find(TransferId id, ServerId from, broadcast::LinkId link);

  TransferLimits limits_;
  std::map<TransferId, Transfer> transfers_;
  TransferId last_id_ = 0;
  std::vector<StateRead> reads_;
  std::vector<Sending> messages_;
};

}  // namespace muster::node
