#include "tests/simulation/checks/log_marks.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace muster::simulation {

using broadcast::Role;

void LogMarks::on_state(std::size_t server, const broadcast::Peer& peer) {
  Server& it = servers_[server];
  it.up = true;
  const broadcast::RoleChange role = peer.role();
  if (it.role.role == Role::following && role.role == Role::looking && it.acked > it.committed)
    loop_.mark("acknowledged, then lost its leader");
  it.role = role;
  it.committed = peer.committed();
}

void LogMarks::on_leader(std::size_t server, Epoch epoch, Zxid last, Epoch last_epoch, Zxid committed) {
  if (servers_.size() == 1) loop_.mark("leader of a single server");
  if (last > committed && last_epoch < epoch)
    loop_.mark("leader elected with an uncommitted tail of an older epoch");
  if (newest_ != Epoch{} && epoch.value > newest_.value + 1) loop_.mark("epoch that nobody led");
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (i != server && servers_[i].up && servers_[i].role.role == Role::leading)
      loop_.mark("leader elected while the one before still leads");
  }
  newest_ = std::max(newest_, epoch);
}

void LogMarks::on_send(std::size_t server, ServerId to, const broadcast::Message& message) {
  Server& it = servers_[server];
  if (const auto* vote = std::get_if<broadcast::VoteReply>(&message.body)) {
    if (vote->granted && !vote->pre) it.voted = vote->standing_for;
  } else if (const auto* ack = std::get_if<broadcast::AppendReply>(&message.body)) {
    if (ack->accepted) it.acked = std::max(it.acked, ack->durable);
  } else if (const auto* forward = std::get_if<broadcast::Forward>(&message.body)) {
    on_forward(it, *forward, static_cast<std::size_t>(to.value) - 1);
  } else if (const auto* barrier = std::get_if<broadcast::BarrierRequest>(&message.body)) {
    if (barrier->id <= it.barrier) loop_.mark("barrier asked again of another leader");
    it.barrier = std::max(it.barrier, barrier->id);
  }
}

void LogMarks::on_forward(Server& it, const broadcast::Forward& forward, std::size_t to) {
  if (forward.boot != it.boot) it.forwarded = 0;
  it.boot = forward.boot;
  if (forward.n <= it.forwarded) {
    loop_.mark("forward repeated after a leader change");
    const auto& known = appended_[ServerId{static_cast<std::int32_t>(&it - servers_.data()) + 1}];
    if (known.boot == forward.boot && forward.n <= known.n)
      loop_.mark("forward repeated that was in the log");
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (i != to && servers_[i].up && servers_[i].role.role == Role::leading)
        loop_.mark("forward repeated with the old leader alive");
    }
  }
  it.forwarded = std::max(it.forwarded, forward.n + forward.commands.size() - 1);
}

void LogMarks::on_handed(std::size_t server, const broadcast::Persist& persist, Zxid durable) {
  Server& it = servers_[server];
  it.votes = persist.hard_state && persist.hard_state->vote != ServerId{};
  it.truncates = persist.truncate_after && *persist.truncate_after < durable;
  it.appends = !persist.append.empty();
  if (it.appends) it.handed = persist.append.back().zxid;
  for (const broadcast::Entry& entry : persist.append) {
    auto& known = appended_[entry.forward.origin];
    if (known.boot != entry.forward.boot || known.n < entry.forward.n) known = entry.forward;
  }
}

void LogMarks::on_durable(std::size_t server, const broadcast::Persist& persist, Zxid durable_before) {
  Server& it = servers_[server];
  it.votes = it.truncates = it.appends = false;
  if (persist.truncate_after && *persist.truncate_after < durable_before) {
    loop_.mark("durable entries truncated");
    if (*persist.truncate_after < it.acked) loop_.mark("acknowledged what was truncated later");
    it.acked = std::min(it.acked, *persist.truncate_after);
  }
  if (persist.purge_through) loop_.mark("log purged");
  if (!persist.hard_state) return;
  const broadcast::HardState& hard = *persist.hard_state;
  it.qualified = hard.qualified;
  if (hard.qualified && std::exchange(it.wiped, false)) loop_.mark("wiped server qualified again");
  if (hard.vote == ServerId{}) return;
  const auto [place, first] = votes_.try_emplace(hard.epoch, hard.vote);
  if (!first && place->second != hard.vote) loop_.mark("votes of one epoch for two candidates");
}

void LogMarks::on_died(std::size_t server, Zxid durable, Zxid committed) {
  Server& it = servers_[server];
  if (!std::exchange(it.up, false)) return;
  if (it.role.role == Role::leading && std::max(durable, it.handed) > committed)
    loop_.mark("leader crashed with entries that are not committed");
  if (it.role.role == Role::looking && it.voted != Epoch{}) loop_.mark("voted, then crashed");
  if (it.votes) loop_.mark("vote in flight to the disk, then crashed");
  if (it.truncates) loop_.mark("truncated, then crashed before the sync");
  if (it.wiped && !it.qualified) loop_.mark("wiped server crashed before it was qualified");
  it.unsynced_from = durable;
  it.unsynced_to = it.appends && !it.truncates ? it.handed : durable;
  it.votes = it.truncates = it.appends = false;
  it.role = {};
  it.voted = {};
  it.handed = {};
}

void LogMarks::on_recovered(std::size_t server, Zxid last) {
  Server& it = servers_[server];
  if (it.unsynced_to > it.unsynced_from) {
    if (last > it.unsynced_from) loop_.mark("appended, crashed before the sync, and kept");
    if (last < it.unsynced_to) loop_.mark("appended, crashed before the sync, and lost");
  }
  it.unsynced_from = it.unsynced_to = {};
  it.acked = std::min(it.acked, last);
}

void LogMarks::on_wiped(std::size_t server, int unqualified) {
  servers_[server] = {};
  servers_[server].wiped = true;
  if (unqualified >= 2) loop_.mark("two servers unqualified at once");
}

void LogMarks::on_committed(const broadcast::Entry& entry, Epoch delivered_in) {
  if (entry.epoch < delivered_in) loop_.mark("entry of an older epoch committed by a later leader");
}

}  // namespace muster::simulation
