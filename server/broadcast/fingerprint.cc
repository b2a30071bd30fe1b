#include "server/broadcast/fingerprint.h"

#include <algorithm>

namespace muster::broadcast {

void Fingerprint::one(const Persist& persist) {
  put(persist.truncate_after, persist.append, persist.hard_state, persist.purge_through, persist.committed);
}

void Fingerprint::one(const Message& message) {
  put(message.epoch, message.body.index());
  std::visit([this](const auto& body) { one(body); }, message.body);
}

void Fingerprint::put_server(const Core& core, const std::variant<Looking, Following, Leading>& role_now) {
  put(core.config.self, core.config.boot, core.hard);
  log(core);
  outbox(core);
  links(core);
  waiting(core);
  one(role_now.index());
  std::visit([&](const auto& known) { role(core, known); }, role_now);
}

void Fingerprint::log(const Core& core) {
  const History& history = core.history;
  put(history.floor(), history.first(), history.last(), history.epochs_through(history.last()));
  for (Zxid zxid = history.first(); zxid <= history.last(); zxid = zxid.next()) one(history.at(zxid));
  put(core.committed, core.delivered, core.disk, core.stateless, core.state_at_least, core.checkpoints);
  put(core.memberships, core.origins.table(), core.founding.has_value(), core.founding_vote);
}

void Fingerprint::outbox(const Core& core) {
  const Outbox& box = core.outbox;
  put(box.gathering_, box.mark_, box.hard_state_, box.durable_, box.handed_, box.marked_);
  envelopes(core, box.send_);
  envelopes(core, box.until_epoch_);
  envelopes(core, box.waiting_);
  one(box.flight_.has_value());
  if (!box.flight_) return;
  put(box.flight_->end, box.flight_->hard_state);
  envelopes(core, box.flight_->held);
}

void Fingerprint::envelopes(const Core& core, const std::vector<Envelope>& envelopes) {
  for (const Envelope& envelope : envelopes) {
    const auto link = core.links.find(envelope.to);
    if (link == core.links.end() || link->second.id != envelope.link) continue;  // it will never leave
    put(true, envelope.to, envelope.message);
  }
  one(false);
}

void Fingerprint::links(const Core& core) {
  for (const auto& [peer, link] : core.links) put(peer, link.hello);
  one(core.heard_epochs);
  one(core.welcomed_by.has_value());
  if (!core.welcomed_by) return;
  const auto link = core.links.find(core.welcomed_by->leader);
  const bool present = link != core.links.end() && link->second.id == core.welcomed_by->link;
  put(core.welcomed_by->leader, core.welcomed_by->epoch, present);
}

// What waits for an answer, or to be delivered.
void Fingerprint::waiting(const Core& core) {
  const Forwarder& forwarder = core.forwarder;
  put(forwarder.pending_, forwarder.next_n_, forwarder.sent_);
  const Barriers& barriers = core.barriers;
  one(barriers.last_wire_);
  for (const auto& waits : barriers.waiting_) put(true, waits.id, waits.wire, waits.zxid);
  put(false, barriers.overdue(core.now.mono_ms - core.config.election_timeout_ms));
  put(core.fetch.wanted, core.fetch.ticket != 0);
}

void Fingerprint::role(const Core& core, const Looking& looking) {
  put(looking.phase_, looking.founding_, looking.transfer_, looking.yields_, looking.standing_for_);
  one(core.now.mono_ms > looking.until_ms_);
  for (std::vector<ServerId> ids : {looking.granted_, looking.refused_}) {
    std::sort(ids.begin(), ids.end());
    one(ids);
  }
}

void Fingerprint::role(const Core& core, const Following& following) {
  put(following.leader_, following.matched_, following.acked_, following.beat_, following.echoed_);
  put(following.rejected_, following.established_, following.disks_, following.repair_target_);
  put(core.now.mono_ms - following.heard_ms_ >= following.timeout_ms_, following.hears_leader(core));
}

void Fingerprint::role(const Core& core, const Leading& leading) {
  put(leading.first_, leading.disks_, leading.beat_, leading.welcoming_);
  put(leading.intake_.origins_.table(), leading.intake_.refused_);
  for (const auto& [id, known] : leading.followers_) {
    one(id);
    progress(core, known);
  }
  for (const auto& question : leading.confirmations_.questions_)
    put(true, question.asker, question.wire, question.beat, question.zxid);
  put(false, leading.transfer_.has_value());
  if (leading.transfer_) put(leading.transfer_->target, leading.transfer_->told);
  for (const WantState& wanted : leading.want_state_) put(wanted.peer, wanted.at_least);
}

void Fingerprint::progress(const Core& core, const Progress& progress) {
  put(progress.match_, progress.next_, progress.probing_, progress.probe_sent_, progress.counts);
  put(progress.welcomed, progress.disk, progress.state_lost, progress.state_wanted, progress.pinned);
  put(progress.echoed_beat, progress.told_beat, progress.told_commit, progress.told_established);
  one(core.now.mono_ms - progress.heard_ms < core.config.election_timeout_ms);
  for (const auto& sent : progress.inflight_) put(true, sent.last, sent.bytes);
  one(false);
}

}  // namespace muster::broadcast
