#include "server/node/state_receiver.h"

#include "common/check.h"

namespace muster::node {

void StateReceiver::refuse(const Source& to, TransferId id) { answers_.emplace_back(to, StateRefusal{id}); }

void StateReceiver::drop() {
  receiving_.reset();
  work_.clear();
  add(StateWrite::Drop{});
}

void StateReceiver::on_offer(const Source& from, const broadcast::Peer& peer, const StateOffer& offer) {
  if (installed_ || (in_flight_ && in_flight_->finish)) return;
  if (receiving_) drop();
  auto meta = decode_meta(offer.meta);
  const auto& founding = peer.founding();
  const bool foreign = meta && founding && founding->cluster_id != meta->base.founding.cluster_id;
  // One that lost its state goes on from the state with the log that it has.
  const bool useful = meta && (peer.stateless() ? meta->base.zxid >= peer.state_at_least()
                                                : meta->base.zxid > peer.delivered());
  if (!useful || foreign) return refuse(from, offer.id);
  receiving_.emplace(Receiving{from, offer.id, *std::move(meta), offer.meta, {}, 0, 0, false, false, {}});
  add(StateWrite::Begin{});
}

void StateReceiver::on_chunk(const Source& from, StateChunk chunk) {
  if (!receiving_ || receiving_->from != from || receiving_->id != chunk.id || receiving_->whole) return;
  Receiving& now = *receiving_;
  bool fits = chunk.n == ++now.received && now.received - now.written <= limits_.max_chunks_ahead;
  for (const tree::Record& record : chunk.records) fits = fits && now.loader.add(record);
  now.whole = chunk.records.empty();
  if (now.whole) fits = fits && now.loader.take(now.meta.base.zxid).digest() == now.meta.digest;
  if (!fits) {
    drop();
    return refuse(from, chunk.id);
  }
  if (!now.whole) add(StateWrite::Put{std::move(chunk.records)});
}

void StateReceiver::settle(Now now, Support support) {
  CHECK(waits_for_support(), "only a whole state is settled, once");
  if (support == Support::contradicted) {
    const Source from = receiving_->from;
    const TransferId id = receiving_->id;
    drop();
    return refuse(from, id);
  }
  if (!receiving_->whole_since_ms) receiving_->whole_since_ms = now.mono_ms;
  if (support != Support::confirmed && now.mono_ms - *receiving_->whole_since_ms < unconfirmed_ms_) return;
  receiving_->settled = true;
  add(StateWrite::Finish{receiving_->meta.number, receiving_->meta_bytes});
}

void StateReceiver::keep_only(const Source& from) {
  if (!receiving_ || receiving_->from == from) return;
  // It may be followed again over the same link, and would wait for acknowledgements for ever.
  refuse(receiving_->from, receiving_->id);
  drop();
}

std::optional<StateWrite> StateReceiver::next() {
  if (in_flight_ || work_.empty()) return std::nullopt;
  StateWrite work = std::move(work_.front());
  work_.pop_front();
  in_flight_ = InFlight{work.ticket, 0, std::holds_alternative<StateWrite::Finish>(work.step)};
  if (receiving_ && std::holds_alternative<StateWrite::Put>(work.step)) in_flight_->put = receiving_->id;
  return work;
}

void StateReceiver::written(std::uint64_t ticket, bool ok) {
  CHECK(in_flight_ && in_flight_->ticket == ticket, "only the work in flight can be reported");
  const InFlight done = *in_flight_;
  in_flight_.reset();
  if (done.finish) {
    installed_ = true;
  } else if (receiving_ && done.put == receiving_->id && done.put != 0) {
    const Source from = receiving_->from;
    const TransferId id = receiving_->id;
    if (ok) {
      answers_.emplace_back(from, StateAck{id, ++receiving_->written});
    } else {
      drop();
      refuse(from, id);
    }
  }
}

}  // namespace muster::node
