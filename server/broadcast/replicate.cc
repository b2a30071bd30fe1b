// Leading, the part that sends the log to one follower.
#include <algorithm>
#include <utility>

#include "server/broadcast/leading.h"

namespace muster::broadcast {

void Leading::replicate(Core& core, ServerId to, Progress& progress) {
  if (!core.usable(to)) return;
  const History& history = core.history;
  note_state(core, to, progress);
  while (!holds_back(core, to, progress) && progress.next() > history.floor() &&
         progress.next() <= history.last() && progress.has_room(core.config.max_inflight_bytes)) {
    if (progress.next() < history.first()) {
      // Read from the disk; meanwhile it hears heartbeats.
      if (core.fetch.ticket == 0 && !core.fetch.wanted) {
        core.fetch.wanted =
            Fetch{0, progress.next(), Zxid{history.first().value - 1}, core.config.max_append_bytes};
      }
      break;
    }
    std::vector<Entry> entries;
    const std::size_t bytes = history.collect(progress.next(), core.config.max_append_bytes, entries);
    send_entries(core, to, progress, std::move(entries), bytes);
  }
  const bool news = progress.told_beat < beat_ || progress.told_commit < core.committed ||
                    (established(core) && !progress.told_established);
  if (news) send_append(core, to, progress, Append{});
}

// Said once for each link; what it still has of its own log meets ours above the floor, or a state must.
void Leading::note_state(Core& core, ServerId to, Progress& progress) {
  const bool wanted = progress.state_lost || progress.next() <= core.history.floor();
  if (!wanted) progress.pinned.reset();
  if (wanted && !progress.state_wanted) {
    const Zxid at_least = std::max(core.history.floor(), progress.state_lost.value_or(Zxid{}));
    want_state_.push_back(WantState{to, core.usable(to)->id, at_least});
  }
  progress.state_wanted = wanted;
}

void Leading::on_state_offered(Core& core, const WantState& to, Zxid zxid) {
  const auto follower = followers_.find(to.peer);
  const Link* link = core.usable(to.peer);
  if (follower == followers_.end() || !link || link->id != to.link) return;
  follower->second.pinned = zxid;
}

void Leading::on_state_failed(Core& core, const WantState& to) {
  const auto follower = followers_.find(to.peer);
  const Link* link = core.usable(to.peer);
  if (follower == followers_.end() || !link || link->id != to.link) return;
  follower->second.pinned.reset();
  follower->second.state_wanted = false;
}

Zxid Leading::needed(const Core& core) const {
  Zxid needed = core.history.last();
  for (const auto& [id, progress] : followers_) {
    if (progress.pinned || core.usable(id))
      needed = std::min(needed, progress.pinned.value_or(progress.match()));
  }
  return needed;
}

void Leading::on_fetched(Core& core, const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  for (auto& [id, progress] : followers_) {
    const Zxid next = progress.next();
    if (next < entries.front().zxid || next > entries.back().zxid) continue;
    if (!core.usable(id) || holds_back(core, id, progress) ||
        !progress.has_room(core.config.max_inflight_bytes))
      continue;
    std::vector<Entry> rest(entries.begin() + (next.value - entries.front().zxid.value), entries.end());
    std::size_t bytes = 0;
    for (const Entry& entry : rest) bytes += size_of(entry);
    send_entries(core, id, progress, std::move(rest), bytes);
  }
}

void Leading::send_entries(Core& core, ServerId to, Progress& progress, std::vector<Entry> entries,
                           std::size_t bytes) {
  Append append;
  append.entries = std::move(entries);
  const Zxid last = append.entries.back().zxid;
  send_append(core, to, progress, std::move(append));
  progress.sent(last, bytes);
}

void Leading::send_append(Core& core, ServerId to, Progress& progress, Append append) {
  // To one that waits for a state only what holds of every log: that it follows on 0.
  append.prev = progress.next() > core.history.floor() ? Zxid{progress.next().value - 1} : Zxid{};
  append.prev_epoch = core.history.epoch_at(append.prev).value_or(Epoch{});
  append.commit = core.committed;
  append.beat = beat_;
  append.established = established(core);
  append.disks = disks_;
  progress.told_commit = append.commit;
  progress.told_beat = append.beat;
  progress.told_established = append.established;
  core.send(to, std::move(append));
}

}  // namespace muster::broadcast
