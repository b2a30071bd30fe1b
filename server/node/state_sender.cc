#include "server/node/state_sender.h"

#include <algorithm>

namespace muster::node {

void StateSender::want(const broadcast::WantState& to) {
  end(to.peer);
  open(to);
}

void StateSender::open(const broadcast::WantState& to) {
  Transfer transfer;
  transfer.to = to;
  transfers_.emplace(++last_id_, transfer);
  reads_.push_back({last_id_, StateRead::Open{}});
}

void StateSender::close(TransferId id) { reads_.push_back({id, StateRead::Close{}}); }

void StateSender::end(ServerId peer) {
  for (auto at = transfers_.begin(); at != transfers_.end();) {
    if (at->second.to.peer != peer) {
      ++at;
      continue;
    }
    close(at->first);
    at = transfers_.erase(at);
  }
}

void StateSender::end_all() {
  for (const auto& [id, transfer] : transfers_) close(id);
  transfers_.clear();
}

StateSender::Transfer* StateSender::find(TransferId id) {
  const auto found = transfers_.find(id);
  return found == transfers_.end() ? nullptr : &found->second;
}

StateSender::Transfer* StateSender::find(TransferId id, ServerId from, broadcast::LinkId link) {
  Transfer* transfer = find(id);
  return transfer && transfer->to.peer == from && transfer->to.link == link ? transfer : nullptr;
}

void StateSender::opened(Now now, broadcast::Peer& peer, TransferId id, const std::string& bytes) {
  Transfer* transfer = find(id);
  if (!transfer) return;
  const auto meta = decode_meta(bytes);
  if (!meta || meta->base.zxid < transfer->to.at_least) {
    close(id);
    transfer->stage = Stage::waiting;
    return;
  }
  peer.state_offered(now, transfer->to, meta->base.zxid);
  transfer->stage = Stage::sending;
  messages_.push_back({transfer->to.peer, transfer->to.link, StateOffer{id, bytes}});
  read_ahead(id, *transfer);
}

void StateSender::read_ahead(TransferId id, Transfer& transfer) {
  if (transfer.stage != Stage::sending || transfer.reading) return;
  if (transfer.sent - transfer.acked >= limits_.max_chunks_ahead) return;
  transfer.reading = true;
  reads_.push_back({id, StateRead::Next{limits_.chunk_bytes}});
}

void StateSender::read(TransferId id, std::vector<tree::Record> records) {
  Transfer* transfer = find(id);
  if (!transfer || transfer->stage != Stage::sending) return;
  transfer->reading = false;
  if (records.empty()) {
    transfer->stage = Stage::sent;
    close(id);
  }
  messages_.push_back(
      {transfer->to.peer, transfer->to.link, StateChunk{id, ++transfer->sent, std::move(records)}});
  read_ahead(id, *transfer);
}

void StateSender::on_ack(ServerId from, broadcast::LinkId link, const StateAck& ack) {
  Transfer* transfer = find(ack.id, from, link);
  if (!transfer || ack.n > transfer->sent) return;
  transfer->acked = std::max(transfer->acked, ack.n);
  read_ahead(ack.id, *transfer);
}

void StateSender::on_refusal(Now now, ServerId from, broadcast::LinkId link, const StateRefusal& refusal) {
  Transfer* transfer = find(refusal.id, from, link);
  if (!transfer || transfer->stage == Stage::refused) return;
  close(refusal.id);
  transfer->stage = Stage::refused;
  transfer->retry_at_ms = now.mono_ms + limits_.retry_ms;
}

// Under a new id: an answer to what was asked before is not taken for this one's.
void StateSender::checkpoint_published() {
  std::vector<broadcast::WantState> again;
  for (const auto& [id, transfer] : transfers_)
    if (transfer.stage == Stage::waiting) again.push_back(transfer.to);
  for (const broadcast::WantState& to : again) want(to);
}

void StateSender::tick(Now now, broadcast::Peer& peer) {
  for (auto at = transfers_.begin(); at != transfers_.end();) {
    if (at->second.stage != Stage::refused || now.mono_ms < at->second.retry_at_ms) {
      ++at;
      continue;
    }
    peer.state_failed(now, at->second.to);
    at = transfers_.erase(at);
  }
}

bool StateSender::wants_checkpoint() const {
  return std::any_of(transfers_.begin(), transfers_.end(),
                     [](const auto& each) { return each.second.stage == Stage::waiting; });
}

}  // namespace muster::node
