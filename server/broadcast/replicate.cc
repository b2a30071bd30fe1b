// Leading, the part that sends the log to one follower.
#include <algorithm>
#include <utility>

#include "server/broadcast/leading.h"

namespace muster::broadcast {

void Leading::replicate(Core& core, ServerId to, Progress& progress) {
  if (!core.usable(to)) return;
  const History& history = core.history;
  while (progress.next() <= history.last() && progress.has_room(core.config.max_inflight_bytes)) {
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

void Leading::on_fetched(Core& core, const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  for (auto& [id, progress] : followers_) {
    const Zxid next = progress.next();
    if (next < entries.front().zxid || next > entries.back().zxid) continue;
    if (!core.usable(id) || !progress.has_room(core.config.max_inflight_bytes)) continue;
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
  append.prev = Zxid{progress.next().value - 1};
  append.prev_epoch = core.history.epoch_at(append.prev).value_or(Epoch{});
  append.commit = core.committed;
  append.beat = beat_;
  append.established = established(core);
  progress.told_commit = append.commit;
  progress.told_beat = append.beat;
  progress.told_established = append.established;
  core.send(to, std::move(append));
}

}  // namespace muster::broadcast
