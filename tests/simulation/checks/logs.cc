#include "tests/simulation/checks/logs.h"

#include <fmt/core.h>

#include <algorithm>
#include <variant>

namespace muster::simulation {
namespace {

std::size_t index_of(Zxid zxid) { return static_cast<std::size_t>(zxid.value) - 1; }

bool holds(const std::vector<std::uint32_t>& log, Zxid zxid) {
  return zxid.value > 0 && static_cast<std::size_t>(zxid.value) <= log.size();
}

}  // namespace

Logs::Logs(Loop& loop, int servers, int voters)
    : loop_(loop),
      voters_(voters),
      disks_(static_cast<std::size_t>(servers)),
      marks_(loop, static_cast<std::size_t>(servers)) {}

Zxid Logs::durable_last(int server) const {
  return Zxid{static_cast<std::int64_t>(disks_[at(server)].durable.size())};
}

int Logs::unqualified() const {
  return static_cast<int>(std::count_if(disks_.begin(), disks_.end(),
                                        [](const Disk& disk) { return !disk.hard_state.qualified; }));
}

Logs::RecordId Logs::intern(const broadcast::Entry& entry) {
  const std::uint64_t name =
      static_cast<std::uint64_t>(entry.epoch.value) << 40U | static_cast<std::uint64_t>(entry.zxid.value);
  const auto [place, fresh] = by_name_.try_emplace(name, static_cast<RecordId>(records_.size()));
  if (fresh) {
    records_.push_back({entry, loop_.now_us(), std::nullopt});
  } else if (!(records_[place->second].entry == entry)) {
    broken("log-matching",
           fmt::format("two different entries are named ({}, {})", entry.epoch.value, entry.zxid.value));
  }
  return place->second;
}

// Logs that agree in one entry agree in all before it.
void Logs::add(Log& log, const broadcast::Entry& entry) {
  const RecordId id = intern(entry);
  const RecordId before = log.empty() ? Record::nothing : log.back();
  std::optional<RecordId>& known = records_[id].before;
  if (known && *known != before)
    broken("log-matching",
           fmt::format("({}, {}) comes after two different entries", entry.epoch.value, entry.zxid.value));
  known = before;
  log.push_back(id);
}

void Logs::change(Log& log, const broadcast::Persist& persist) {
  if (persist.truncate_after && static_cast<std::size_t>(persist.truncate_after->value) < log.size()) {
    log.resize(static_cast<std::size_t>(persist.truncate_after->value));
  }
  for (const broadcast::Entry& entry : persist.append) {
    if (entry.zxid.value != static_cast<std::int64_t>(log.size()) + 1) {
      broken("log-matching",
             fmt::format("zxid {} is appended to a log of {} entries", entry.zxid.value, log.size()));
    }
    add(log, entry);
  }
}

void Logs::check_against_committed(int server, const broadcast::Persist& persist) {
  const Log& log = disks_[at(server)].handed;
  if (persist.truncate_after) {
    const std::size_t end = std::min(log.size(), committed_.size());
    for (auto i = static_cast<std::size_t>(persist.truncate_after->value); i < end; ++i) {
      if (log[i] == committed_[i].record) {
        broken("committed-kept", fmt::format("server {} cuts off the committed entry {}", server + 1, i + 1));
      }
    }
  }
  for (const broadcast::Entry& entry : persist.append) {
    if (static_cast<std::size_t>(entry.zxid.value) > committed_.size()) break;
    const Committed& committed = committed_[index_of(entry.zxid)];
    if (entry.epoch > committed.delivered_in) {
      broken("log-matching", fmt::format("server {} appends ({}, {}) where ({}, {}) is committed", server + 1,
                                         entry.epoch.value, entry.zxid.value,
                                         records_[committed.record].entry.epoch.value, entry.zxid.value));
    }
  }
}

void Logs::on_handed(int server, const broadcast::Persist& persist) {
  check_against_committed(server, persist);
  change(disks_[at(server)].handed, persist);
  marks_.on_handed(at(server), persist, durable_last(server));
}

void Logs::on_durable(int server, const broadcast::Persist& persist) {
  Disk& disk = disks_[at(server)];
  marks_.on_durable(at(server), persist, durable_last(server));
  change(disk.durable, persist);
  if (persist.hard_state) {
    check_hard_state(server, *persist.hard_state);
    disk.hard_state = *persist.hard_state;
    if (disk.hard_state.qualified) disk.lost.clear();
  }
}

void Logs::check_hard_state(int server, const broadcast::HardState& now) const {
  const broadcast::HardState& before = disks_[at(server)].hard_state;
  const bool votes_again = now.epoch == before.epoch && before.vote != ServerId{} && now.vote != before.vote;
  if (now.epoch < before.epoch || votes_again || (before.qualified && !now.qualified) ||
      now.no_vote_through < before.no_vote_through) {
    broken("vote", fmt::format("server {} writes epoch {} vote {} qualified {} after epoch {} vote {} "
                               "qualified {}",
                               server + 1, now.epoch.value, now.vote.value, now.qualified, before.epoch.value,
                               before.vote.value, before.qualified));
  }
}

Logs::Log Logs::committed_through(Zxid zxid) const {
  if (zxid > committed())
    broken("committed-kept", fmt::format("a state or a purged log reaches to {}, where only {} is committed",
                                         zxid.value, committed().value));
  Log log;
  for (std::size_t i = 0; i < static_cast<std::size_t>(zxid.value); ++i) log.push_back(committed_[i].record);
  return log;
}

void Logs::on_reset(int server, Zxid base) {
  Disk& disk = disks_[at(server)];
  for (auto i = static_cast<std::size_t>(base.value); i < std::min(disk.durable.size(), committed_.size());
       ++i) {
    if (disk.durable[i] == committed_[i].record)
      broken("committed-kept", fmt::format("server {} replaces the committed entry {} by a state at {}",
                                           server + 1, i + 1, base.value));
  }
  disk.durable = disk.handed = committed_through(base);
}

void Logs::on_recovered(int server, const broadcast::HardState& hard_state, Zxid first,
                        const std::vector<broadcast::Entry>& log) {
  Disk& disk = disks_[at(server)];
  const broadcast::HardState& before = disk.hard_state;
  const bool same_vote =
      hard_state.epoch > before.epoch || hard_state.vote == before.vote || before.vote == ServerId{};
  if (hard_state.epoch < before.epoch || !same_vote || (before.qualified && !hard_state.qualified)) {
    broken("recovery", fmt::format("server {} forgot its vote: had epoch {} vote {} qualified {}, found "
                                   "epoch {} vote {} qualified {}",
                                   server + 1, before.epoch.value, before.vote.value, before.qualified,
                                   hard_state.epoch.value, hard_state.vote.value, hard_state.qualified));
  }
  Log found = committed_through(Zxid{first.value - 1});
  for (const broadcast::Entry& entry : log) add(found, entry);
  // A truncation in flight may have been performed; what it cut off was not committed.
  const std::size_t kept = std::min(disk.durable.size(), found.size());
  for (std::size_t i = 0; i < disk.durable.size(); ++i) {
    const bool same = i < kept && found[i] == disk.durable[i];
    if (same) continue;
    if (disk.handed.size() > i && disk.handed[i] == disk.durable[i]) {
      broken("recovery", fmt::format("server {} lost entry {} of {} that its disk had performed", server + 1,
                                     i + 1, disk.durable.size()));
    }
    if (i < committed_.size() && committed_[i].record == disk.durable[i]) {
      broken("recovery", fmt::format("server {} lost the committed entry {}", server + 1, i + 1));
    }
  }
  disk.hard_state = hard_state;
  marks_.on_recovered(at(server), Zxid{static_cast<std::int64_t>(found.size())});
  disk.durable = found;
  disk.handed = std::move(found);
  disk.role = {};
  disk.committed = {};
}

void Logs::on_wiped(int server) {
  Disk& disk = disks_[at(server)];
  Log lost = std::move(disk.durable);
  disk = {};
  disk.lost = std::move(lost);
  marks_.on_wiped(at(server), unqualified());
}

void Logs::on_died(int server) {
  disks_[at(server)].role = {};
  disks_[at(server)].committed = {};
  marks_.on_died(at(server), durable_last(server), committed());
}

void Logs::on_send(int server, ServerId to, const broadcast::Message& message) {
  marks_.on_send(at(server), to, message);
  const Disk& disk = disks_[at(server)];
  if (const auto* vote = std::get_if<broadcast::VoteReply>(&message.body)) {
    if (vote->pre || !vote->granted) return;
    const bool kept = disk.hard_state.epoch > vote->standing_for ||
                      (disk.hard_state.epoch == vote->standing_for && disk.hard_state.vote == to);
    if (!kept) {
      broken("promise", fmt::format("server {} votes for {} in epoch {}; its disk says epoch {} vote {}",
                                    server + 1, to.value, vote->standing_for.value,
                                    disk.hard_state.epoch.value, disk.hard_state.vote.value));
    }
  } else if (const auto* ack = std::get_if<broadcast::AppendReply>(&message.body)) {
    if (ack->accepted) check_ack(server, to, message.epoch, *ack);
  }
}

void Logs::check_ack(int server, ServerId to, Epoch epoch, const broadcast::AppendReply& ack) const {
  const Disk& disk = disks_[at(server)];
  if (static_cast<std::size_t>(ack.durable.value) > disk.durable.size() || disk.hard_state.epoch < epoch) {
    broken("promise", fmt::format("server {} acknowledges {} to {} in epoch {}; its disk holds {}, epoch {}",
                                  server + 1, ack.durable.value, to.value, epoch.value, disk.durable.size(),
                                  disk.hard_state.epoch.value));
  }
  const Disk& leaders = disks_[at(to.value - 1)];
  const bool leads = leaders.role.role == broadcast::Role::leading && leaders.role.epoch == epoch;
  if (!leads || !holds(leaders.handed, ack.durable)) return;
  if (leaders.handed[index_of(ack.durable)] != disk.durable[index_of(ack.durable)]) {
    broken("promise", fmt::format("server {} acknowledges {} to {}, whose log has another entry there",
                                  server + 1, ack.durable.value, to.value));
  }
}

bool Logs::has_copy(const Disk& disk, Zxid zxid, RecordId record) {
  const Log& log = disk.hard_state.qualified ? disk.durable : disk.lost;
  return holds(log, zxid) && log[index_of(zxid)] == record;
}

const Record* Logs::on_a_quorum(Zxid zxid) const {
  for (std::size_t i = 0; i < disks_.size(); ++i) {
    if (!holds(disks_[i].durable, zxid)) continue;
    const RecordId candidate = disks_[i].durable[index_of(zxid)];
    const auto copies = std::count_if(disks_.begin(), disks_.begin() + voters_,
                                      [&](const Disk& disk) { return has_copy(disk, zxid, candidate); });
    if (copies >= voters_ / 2 + 1) return &records_[candidate];
  }
  return nullptr;
}

std::string Logs::holders(Zxid zxid) const {
  std::string text;
  for (std::size_t i = 0; i < disks_.size(); ++i) {
    const Disk& disk = disks_[i];
    text +=
        fmt::format(" {}:{}{}", i + 1,
                    holds(disk.durable, zxid)
                        ? fmt::format("epoch {}", records_[disk.durable[index_of(zxid)]].entry.epoch.value)
                        : fmt::format("ends at {}", disk.durable.size()),
                    disk.hard_state.qualified ? "" : " (unqualified)");
  }
  return text;
}

const Record& Logs::adopt(int server, Epoch epoch) {
  const Zxid zxid{static_cast<std::int64_t>(committed_.size()) + 1};
  const Record* record = on_a_quorum(zxid);
  if (record == nullptr) {
    broken("commit-durability", fmt::format("server {} delivers {}, which no quorum of disks holds:{}",
                                            server + 1, zxid.value, holders(zxid)));
  }
  if (!committed_.empty() && record->entry.epoch < records_[committed_.back().record].entry.epoch) {
    broken("commit-rule",
           fmt::format("({}, {}) is committed after an entry of epoch {}", record->entry.epoch.value,
                       zxid.value, records_[committed_.back().record].entry.epoch.value));
  }
  committed_.push_back({intern(record->entry), epoch});
  marks_.on_committed(record->entry, epoch);
  return *record;
}

void Logs::on_state(int server, const broadcast::Peer& peer) {
  Disk& disk = disks_[at(server)];
  const broadcast::RoleChange role = peer.role();
  const bool leads = role.role == broadcast::Role::leading;
  if (leads && !(role == disk.role)) check_leader(server, peer);
  const Zxid committed = peer.committed();
  if (committed < disk.committed) {
    broken("commit-falls", fmt::format("server {} knew that {} is committed, and now {}", server + 1,
                                       disk.committed.value, committed.value));
  }
  if (leads && role == disk.role && committed > disk.committed) {
    const Record* record = on_a_quorum(committed);
    if (record == nullptr) {
      broken("commit-durability", fmt::format("leader {} commits {}, which no quorum of disks holds:{}",
                                              server + 1, committed.value, holders(committed)));
    }
    if (record->entry.epoch != role.epoch) {
      broken("commit-rule", fmt::format("leader {} of epoch {} commits ({}, {}) by counting", server + 1,
                                        role.epoch.value, record->entry.epoch.value, committed.value));
    }
  }
  disk.role = role;
  disk.committed = committed;
  marks_.on_state(at(server), peer);
}

void Logs::check_leader(int server, const broadcast::Peer& peer) {
  const Epoch epoch = peer.role().epoch;
  const auto [place, fresh] = leaders_.try_emplace(epoch, server);
  if (!fresh && place->second != server) {
    broken("election-safety",
           fmt::format("servers {} and {} both lead epoch {}", place->second + 1, server + 1, epoch.value));
  }
  loop_.note("leads", {server + 1, epoch.value, peer.last().value});
  const Log& log = disks_[at(server)].handed;
  const Epoch tail = log.empty() ? Epoch{} : records_[log.back()].entry.epoch;
  marks_.on_leader(at(server), epoch, Zxid{static_cast<std::int64_t>(log.size())}, tail, committed());
  for (std::size_t i = 0; i < committed_.size(); ++i) {
    if (committed_[i].delivered_in >= epoch) continue;
    const bool missing = static_cast<std::int64_t>(i) >= peer.last().value ||
                         (i < log.size() && log[i] != committed_[i].record);
    if (missing) {
      broken("leader-completeness", fmt::format("leader {} of epoch {} lacks the committed entry {}",
                                                server + 1, epoch.value, i + 1));
    }
  }
}

}  // namespace muster::simulation
