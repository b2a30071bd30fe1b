#include "tests/scenarios/cluster.h"

#include <algorithm>

#include "server/broadcast/describe.h"
#include "server/broadcast/recovery.h"

namespace muster::scenarios {
namespace {

constexpr std::int64_t step_ms = 10;
constexpr int most_rounds = 2000;  // of settle(): more is a message storm

std::pair<int, int> pair_of(int a, int b) { return {std::min(a, b), std::max(a, b)}; }
std::string name(int id) { return std::to_string(id); }

}  // namespace

// --- servers

void Cluster::add_servers(int voters, int observers) {
  for (int id = 1; id <= voters + observers; ++id) {
    config_.initial.members.push_back(broadcast::Member{ServerId{id}, id <= voters});
    servers_[id];
  }
}

bool Cluster::configure(const std::string& key, std::int64_t value) {
  const auto bytes = static_cast<std::size_t>(value);
  if (key == "found")
    config_.found = value != 0;
  else if (key == "max_append_bytes")
    config_.max_append_bytes = bytes;
  else if (key == "max_inflight_bytes")
    config_.max_inflight_bytes = bytes;
  else if (key == "max_window_bytes")
    config_.max_window_bytes = bytes;
  else if (key == "max_uncommitted_bytes")
    config_.max_uncommitted_bytes = bytes;
  else if (key == "max_kept_checkpoints")
    config_.max_kept_checkpoints = bytes;
  else if (key == "max_pending_bytes")
    config_.max_pending_bytes = bytes;
  else
    return false;
  return true;
}

void Cluster::start(int id) {
  Server& s = server(id);
  if (s.peer) return;
  broadcast::Recovered recovered = recover(id);
  broadcast::PeerConfig config = config_;
  config.self = ServerId{id};
  config.cluster_id = s.disk.cluster_id;
  config.boot = static_cast<std::uint64_t>(id) * 1000 + ++s.boots;
  config.entropy = std::string(48, static_cast<char>('a' + id));
  s.delivered = recovered.delivered;
  s.persist.reset();
  s.fetch.reset();
  s.peer.emplace(config, std::move(recovered), Random(seed_).fork(config.boot));
  s.peer->tick(now());
  for (const int other : ids()) {
    if (other != id && up(other) && cut_.count(pair_of(id, other)) == 0) connect(id, other);
  }
}

broadcast::Recovered Cluster::recover(int id) {
  Disk& disk = server(id).disk;
  broadcast::LogExtent log{disk.floor.next(), disk.last(), std::nullopt};
  std::optional<broadcast::StateMark> mark;
  if (disk.state) {
    mark = broadcast::StateMark{disk.state->zxid, disk.state->epoch};
    if (mark->zxid > disk.floor && mark->zxid <= log.last) log.epoch_at_state = disk.at(mark->zxid)->epoch;
  }
  const broadcast::StartFrom from = judge_start(log, mark);
  if (from == broadcast::StartFrom::new_state) {
    disk.log.clear();
    disk.floor = disk.state->zxid;
  } else if (from == broadcast::StartFrom::nothing) {
    const Epoch epoch = disk.hard_state.epoch;
    const std::string cluster_id = disk.cluster_id;
    disk = Disk{};
    disk.hard_state.epoch = epoch;
    disk.cluster_id = cluster_id;
  }
  Zxid done = disk.floor;
  broadcast::Recovery recovery(disk.hard_state);
  if (from == broadcast::StartFrom::log_alone) {
    recovery = broadcast::Recovery(disk.hard_state, disk.floor.next());
  } else if (from == broadcast::StartFrom::state || from == broadcast::StartFrom::new_state) {
    recovery = broadcast::Recovery(disk.hard_state, *disk.state, disk.floor.next());
    done = disk.state->zxid;
  }
  disk.committed = std::max(disk.committed, done);
  for (const broadcast::Entry& entry : disk.log) {
    if (entry.zxid <= done) continue;
    if (entry.zxid <= disk.committed) {
      (void)recovery.delivered(entry);
    } else {
      recovery.tail(entry);
    }
  }
  return recovery.take();
}

void Cluster::crash(int id) {
  Server& s = server(id);
  s.peer.reset();
  s.persist.reset();
  s.paused = false;
  for (const int other : ids()) {
    pipes_[{id, other}].queue.clear();
    pipes_[{other, id}].queue.clear();
    const auto link = server(other).links.find(id);
    if (other == id || link == server(other).links.end()) continue;
    if (up(other)) server(other).peer->link_down(now(), ServerId{id}, link->second);
    server(other).links.erase(id);
  }
  s.links.clear();
}

void Cluster::wipe(int id) { server(id).disk = Disk{}; }

void Cluster::damage_log(int id) {
  Disk& disk = server(id).disk;
  disk.log.clear();
  disk.floor = disk.committed = Zxid{};
  disk.hard_state.qualified = false;
}

// --- time

void Cluster::tick(std::int64_t ms, const std::set<int>& only) {
  for (const std::int64_t end = now_ms_ + ms; now_ms_ < end;) {
    now_ms_ += step_ms;
    for (auto& [id, s] : servers_) {
      if (s.peer && !s.paused && (only.empty() || only.count(id) != 0)) s.peer->tick(now());
    }
    settle();
  }
}

void Cluster::settle() {
  for (int round = 0; round < most_rounds && !violated_; ++round) {
    bool moved = false;
    for (const int id : ids()) {
      moved = take(id) || moved;
      moved = move_disk(id) || moved;
    }
    for (const int from : ids()) {
      for (const int to : ids()) moved = move_messages(from, to) || moved;
    }
    moved = move_transfers() || moved;
    check_leaders();
    if (!moved) return;
  }
  if (!violated_) violation("the servers never come to rest");
}

bool Cluster::until_leader(std::int64_t limit_ms, const std::set<int>& only) {
  for (std::int64_t waited = 0; waited < limit_ms; waited += step_ms) {
    const int id = leader();
    if (id != 0 && server(id).peer->established() && (only.empty() || only.count(id) != 0)) return true;
    tick(step_ms, only);
  }
  return false;
}

bool Cluster::until_all_deliver(std::int64_t limit_ms) {
  for (std::int64_t waited = 0; waited < limit_ms; waited += step_ms) {
    const int id = leader();
    bool equal = id != 0;
    for (const auto& [other, s] : servers_)
      equal = equal && (!s.peer || (s.peer->delivered() == server(id).peer->last() && !s.peer->stateless()));
    if (equal) return true;
    tick(step_ms);
  }
  return false;
}

// --- what a server does

bool Cluster::take(int id) {
  Server& s = server(id);
  if (!s.peer || s.paused) return false;
  broadcast::Ready ready = s.peer->take_ready();
  if (ready.empty()) return false;
  for (const auto& change : ready.roles) say(name(id) + " " + describe(change));
  for (const auto& delivery : ready.deliver) on_delivery(id, delivery);
  for (const auto barrier : ready.passed) {
    say(name(id) + " passed barrier " + std::to_string(barrier) + " at " + to_string(s.delivered));
  }
  for (auto& envelope : ready.send) {
    const int to = envelope.to.value;
    if (trace_) say(name(id) + "->" + name(to) + " " + describe(envelope.message));
    Pipe& pipe = pipes_[{id, to}];
    const auto link = s.links.find(to);
    if (link == s.links.end() || link->second != envelope.link || pipe.swallows) continue;
    if (pipe.repeats) pipe.queue.emplace_back(envelope.link, envelope.message);
    pipe.queue.emplace_back(envelope.link, std::move(envelope.message));
  }
  if (ready.persist) {
    if (trace_) say(name(id) + " " + describe(*ready.persist));
    if (s.persist) violation("a second write while one is in flight");
    s.persist = std::move(ready.persist);
  }
  if (ready.fetch) s.fetch = ready.fetch;
  for (const auto& to : ready.want_state) transfers_[{id, to.peer.value}] = Transfer{to, std::nullopt};
  return true;
}

bool Cluster::move_disk(int id) {
  Server& s = server(id);
  if (!s.peer || s.paused || s.disk_held) return false;
  bool moved = false;
  if (s.persist) {
    const broadcast::Ticket ticket = s.persist->ticket;
    perform(s);
    s.peer->persisted(now(), ticket);
    moved = true;
  }
  if (s.fetch) {
    const broadcast::Fetch fetch = *std::exchange(s.fetch, std::nullopt);
    const Zxid end = std::min({fetch.to, Zxid{fetch.from.value + 3}, s.disk.last()});
    std::vector<broadcast::Entry> entries;
    if (fetch.from > s.disk.floor && fetch.from <= end)
      entries.assign(s.disk.at(fetch.from), s.disk.at(end.next()));
    if (trace_) say(name(id) + " fetches " + to_string(fetch.from) + ".." + to_string(fetch.to));
    s.peer->fetched(now(), fetch.ticket, entries);
    moved = true;
  }
  return moved;
}

void Cluster::perform(Server& s) {
  const broadcast::Persist persist = *std::exchange(s.persist, std::nullopt);
  if (persist.truncate_after) {
    if (*persist.truncate_after < s.disk.committed) violation("a truncation below the commit mark");
    s.disk.log.resize(static_cast<std::size_t>(persist.truncate_after->value - s.disk.floor.value));
  }
  for (const broadcast::Entry& entry : persist.append) {
    if (entry.zxid != s.disk.last().next()) violation("a gap in the log on disk");
    s.disk.log.push_back(entry);
  }
  if (persist.hard_state) s.disk.hard_state = *persist.hard_state;
  s.disk.committed = std::max(s.disk.committed, persist.committed);
  if (s.disk.committed > s.disk.last()) violation("a commit mark beyond the log on disk");
  if (!persist.purge_through) return;
  if (!s.disk.state || *persist.purge_through > s.disk.state->zxid)
    violation("no state stands for what is purged");
  s.disk.log.erase(s.disk.log.begin(), s.disk.at(persist.purge_through->next()));
  s.disk.floor = *persist.purge_through;
}

bool Cluster::checkpoint(int id) {
  Server& s = server(id);
  const auto base = s.peer->base();
  if (!base || base->zxid > s.peer->durable()) return false;
  s.disk.state = *base;
  s.peer->compact(now(), base->zxid);
  return true;
}

// --- states on their way

bool Cluster::begin_sending(int from, Transfer& transfer) {
  Server& s = server(from);
  const auto current = [&] { return s.disk.state && s.disk.state->zxid >= transfer.to.at_least; };
  if (transfer.state || s.paused || (!current() && !(checkpoint(from) && current()))) return false;
  transfer.state = s.disk.state;
  say(name(from) + " sends state " + to_string(transfer.state->zxid) + " to " + name(transfer.to.peer.value));
  s.peer->state_offered(now(), transfer.to, transfer.state->zxid);
  return true;
}

bool Cluster::move_transfers() {
  for (auto& [way, transfer] : transfers_) {
    const auto [from, to] = way;
    const bool leads = up(from) && server(from).peer->role().role == broadcast::Role::leading;
    const auto link = server(from).links.find(to);
    if (!leads || !up(to) || link == server(from).links.end() || link->second != transfer.to.link) {
      transfers_.erase(way);
      return true;
    }
    if (begin_sending(from, transfer)) return true;
    if (!transfer.state || held_states_[way] || server(from).paused || server(to).paused) continue;
    // It replaces its state at once, and starts again with it.
    say(name(to) + " installs state " + to_string(transfer.state->zxid));
    server(to).disk.state = transfer.state;
    transfers_.erase(way);
    crash(to);
    start(to);
    return true;
  }
  return false;
}

void Cluster::refuse_state(int from, int to) {
  const auto transfer = transfers_.find({from, to});
  if (transfer == transfers_.end()) return;
  const broadcast::WantState wanted = transfer->second.to;
  transfers_.erase(transfer);
  if (up(from)) server(from).peer->state_failed(now(), wanted);
}

bool Cluster::move_messages(int from, int to) {
  const auto found = pipes_.find({from, to});
  if (found == pipes_.end() || found->second.held || found->second.queue.empty() || !up(to) ||
      server(to).paused)
    return false;
  auto queue = std::exchange(found->second.queue, {});
  for (auto& [link, message] : queue) server(to).peer->step(now(), ServerId{from}, link, message);
  return true;
}

void Cluster::on_delivery(int id, const broadcast::Delivery& delivery) {
  Server& s = server(id);
  const broadcast::Entry& entry = delivery.entry;
  say(name(id) + " delivers " + describe(delivery));
  if (s.peer->founding()) s.disk.cluster_id = s.peer->founding()->cluster_id;
  if (entry.zxid != s.delivered.next()) violation(name(id) + " delivers out of order");
  s.delivered = entry.zxid;
  const auto index = static_cast<std::size_t>(entry.zxid.value - 1);
  if (index > committed_.size()) violation(name(id) + " delivers beyond what was committed");
  if (index < committed_.size()) {
    if (!(committed_[index] == entry))
      violation(name(id) + " delivers another entry: " + describe(committed_[index]) + " was committed");
    return;
  }
  committed_.push_back(entry);
  if (entry.kind == broadcast::EntryKind::command && delivery.accepted &&
      !applied_.insert(entry.forward).second) {
    violation("a command is applied twice");
  }
}

// --- what must hold

void Cluster::check_leaders() {
  for (const auto& [id, s] : servers_) {
    if (!s.peer || s.peer->role().role != broadcast::Role::leading) continue;
    const auto known = leaders_.emplace(s.peer->role().epoch, id).first;
    if (known->second != id) violation("two leaders in epoch " + to_string(known->first));
  }
}

void Cluster::violation(const std::string& what) {
  violated_ = true;
  say("VIOLATION: " + what);
}

int Cluster::leader() const {
  int best = 0;
  Epoch epoch;
  for (const auto& [id, s] : servers_) {
    if (!s.peer || s.paused || s.peer->role().role != broadcast::Role::leading ||
        s.peer->role().epoch <= epoch)
      continue;
    best = id;
    epoch = s.peer->role().epoch;
  }
  return best;
}

bool Cluster::may_lose_disk(int id) const {
  return std::all_of(servers_.begin(), servers_.end(), [&](const auto& other) {
    const bool voter = config_.initial.is_voter(ServerId{other.first});
    const Disk& disk = other.second.disk;
    return other.first == id || !voter || (disk.hard_state.qualified && (disk.state || disk.floor == Zxid{}));
  });
}

std::vector<int> Cluster::ids() const {
  std::vector<int> ids;
  for (const auto& [id, s] : servers_) ids.push_back(id);
  return ids;
}

// --- requests

void Cluster::propose(int id, const std::string& text) {
  const auto n = server(id).peer->propose(now(), SharedBytes(text));
  if (!n) say(name(id) + " refuses '" + text + "'");
}

void Cluster::barrier(int id) { server(id).peer->barrier(now(), ++server(id).last_barrier); }

void Cluster::transfer(int id) { server(id).peer->transfer(now()); }

// --- the network and the disks

void Cluster::cut(int a, int b) {
  cut_.insert(pair_of(a, b));
  for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
    pipes_[{from, to}].queue.clear();
    const auto link = server(from).links.find(to);
    if (link == server(from).links.end()) continue;
    const broadcast::LinkId id = link->second;
    server(from).links.erase(link);
    if (up(from)) server(from).peer->link_down(now(), ServerId{to}, id);
  }
}

void Cluster::connect(int a, int b) {
  cut_.erase(pair_of(a, b));
  if (!up(a) || !up(b)) return;
  const broadcast::LinkId id = ++last_link_;
  for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
    pipes_[{from, to}].queue.clear();
    server(from).links[to] = id;
    server(from).peer->link_up(now(), ServerId{to}, id);
  }
}

void Cluster::swallow(int from, int to) {
  Pipe& pipe = pipes_[{from, to}];
  pipe.swallows = pipe.lost = true;
}

void Cluster::release(int from, int to) { pipes_[{from, to}].held = false; }

void Cluster::deliver(int from, int to, int messages) {
  Pipe& pipe = pipes_[{from, to}];
  for (; messages > 0 && !pipe.queue.empty() && up(to); --messages) {
    const auto [link, message] = pipe.queue.front();
    pipe.queue.pop_front();
    server(to).peer->step(now(), ServerId{from}, link, message);
  }
}

void Cluster::drop(int from, int to) {
  Pipe& pipe = pipes_[{from, to}];
  pipe.lost = pipe.lost || !pipe.queue.empty();
  pipe.queue.clear();
}

// A stream that lost bytes is broken: it comes back as a new link.
void Cluster::heal() {
  std::set<std::pair<int, int>> again = cut_;
  for (auto& [way, pipe] : pipes_) {
    if (pipe.lost) again.insert(pair_of(way.first, way.second));
    pipe.held = pipe.swallows = pipe.repeats = pipe.lost = false;
  }
  held_states_.clear();
  for (const auto& [a, b] : again) {
    cut(a, b);
    connect(a, b);
  }
}

void Cluster::release_disk(int id) { server(id).disk_held = false; }

// --- telling

void Cluster::status() {
  for (const auto& [id, s] : servers_) {
    say(s.peer ? s.peer->describe() + (s.paused ? " (paused)" : "") : name(id) + " down");
  }
}

void Cluster::log(int id) {
  const Server& s = server(id);
  if (s.disk.state) say("state " + to_string(s.disk.state->zxid) + ":" + to_string(s.disk.state->epoch));
  for (const auto& entry : s.disk.log)
    say(describe(entry) + (entry.zxid <= s.disk.committed ? " committed" : ""));
}

std::string Cluster::take_text() { return std::exchange(text_, {}); }

}  // namespace muster::scenarios
