#include "tests/exhaustive/rules.h"

#include <algorithm>

#include "server/broadcast/describe.h"
#include "server/broadcast/fingerprint.h"

namespace muster::exhaustive {
namespace {

constexpr std::size_t quorum = ensemble_size / 2 + 1;

std::string bytes_of(const Record& record) {
  broadcast::Fingerprint bytes;
  bytes.put(record.committed.size(), record.asked.size());
  for (const auto& committed : record.committed)
    bytes.put(committed.entry, committed.delivered_in, committed.accepted);
  bytes.put(record.leaders);
  for (const auto& asked : record.asked) bytes.put(asked.server, asked.barrier, asked.committed);
  return bytes.take();
}

std::string name(int id) { return "server " + std::to_string(id); }

}  // namespace

RecordNumber Rules::add(Record record) {
  const auto [place, fresh] =
      known_.try_emplace(bytes_of(record), static_cast<RecordNumber>(records_.size()));
  if (fresh) records_.push_back(std::move(record));
  return place->second;
}

std::string Rules::happened(RecordNumber& number, int id, const Effect& effect) {
  const View& view = catalogue_.view(effect.after);
  const bool leads = view.role.role == broadcast::Role::leading;
  if (effect.delivered.empty() && effect.passed.empty() && !leads) return {};
  Record record = records_[number];
  for (const Delivered& delivered : effect.delivered) {
    std::string broken = deliver(record, delivered, view.role.epoch);
    if (!broken.empty()) return broken;
  }
  for (const auto barrier : effect.passed) {
    const auto asked = std::find_if(record.asked.begin(), record.asked.end(), [&](const Record::Asked& a) {
      return a.server == id && a.barrier == barrier;
    });
    if (asked == record.asked.end()) return "barrier: passed, and never asked for";
    if (static_cast<std::size_t>(view.delivered.value) < asked->committed)
      return "barrier: " + name(id) + " passes one and has not delivered what was committed before";
    record.asked.erase(asked);
  }
  if (leads) {
    const std::pair led(view.role.epoch, id);
    const auto place = std::lower_bound(record.leaders.begin(), record.leaders.end(), led);
    if (place == record.leaders.end() || *place != led) record.leaders.insert(place, led);
  }
  number = add(std::move(record));
  return {};
}

std::string Rules::deliver(Record& record, const Delivered& delivered, Epoch epoch) const {
  const auto at = static_cast<std::size_t>(delivered.zxid.value) - 1;
  const std::string what = describe(catalogue_.entry(delivered.entry));
  if (at > record.committed.size()) return "delivery: " + what + " comes before what it follows";
  if (at < record.committed.size()) {
    const Record::Committed& known = record.committed[at];
    if (known.entry == delivered.entry && known.accepted == delivered.accepted) return {};
    return "delivery: " + what + " where " + describe(catalogue_.entry(known.entry)) + " was delivered";
  }
  const broadcast::Entry& entry = catalogue_.entry(delivered.entry);
  const bool again = std::any_of(record.committed.begin(), record.committed.end(), [&](const auto& known) {
    const broadcast::Entry& before = catalogue_.entry(known.entry);
    return known.accepted && before.kind == broadcast::EntryKind::command && before.forward == entry.forward;
  });
  if (entry.kind == broadcast::EntryKind::command && delivered.accepted && again)
    return "delivery: the write of " + what + " takes effect twice";
  record.committed.push_back({delivered.entry, epoch, delivered.accepted});
  return {};
}

std::string Rules::started(RecordNumber number, const View& view) const {
  const auto& committed = records_[number].committed;
  const auto mark = static_cast<std::size_t>(view.mark.value);
  if (mark > committed.size()) return "delivery: a disk says of more than was delivered that it is committed";
  for (std::size_t i = 0; i < mark; ++i) {
    if (view.durable[i] != committed[i].entry)
      return "delivery: a start replays another entry than was delivered";
  }
  return {};
}

bool Rules::match(const std::vector<EntryNumber>& a, const std::vector<EntryNumber>& b) const {
  std::size_t i = std::min(a.size(), b.size());
  while (i > 0 && catalogue_.entry(a[i - 1]).epoch != catalogue_.entry(b[i - 1]).epoch) --i;
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(i), b.begin());
}

std::string Rules::judge_leader(const Record& record, int id, const View& view) const {
  for (const auto& [epoch, leader] : record.leaders) {
    if (epoch == view.role.epoch && leader != id)
      return "election-safety: " + name(leader) + " and " + name(id) + " lead epoch " + to_string(epoch);
  }
  for (std::size_t i = 0; i < record.committed.size(); ++i) {
    const auto& committed = record.committed[i];
    if (committed.delivered_in >= view.role.epoch) continue;
    if (static_cast<std::int64_t>(i) >= view.last.value ||
        (i < view.handed.size() && view.handed[i] != committed.entry))
      return "leader-completeness: " + name(id) + " leads epoch " + to_string(view.role.epoch) +
             " without the committed " + describe(catalogue_.entry(committed.entry));
  }
  return {};
}

std::string Rules::judge(RecordNumber number, const Servers& numbers) const {
  const Record& record = records_[number];
  for (std::size_t i = 0; i < record.committed.size(); ++i) {
    std::size_t copies = 0;
    for (int id = 1; id <= ensemble_size; ++id) {
      const auto& log = catalogue_.view(numbers[static_cast<std::size_t>(id)]).durable;
      if (i < log.size() && log[i] == record.committed[i].entry) ++copies;
    }
    if (copies < quorum)
      return "commit-durability: no quorum of disks holds " +
             describe(catalogue_.entry(record.committed[i].entry)) + ", which was delivered";
  }
  for (int id = 1; id <= ensemble_size; ++id) {
    const View& view = catalogue_.view(numbers[static_cast<std::size_t>(id)]);
    if (view.up && view.role.role == broadcast::Role::leading) {
      std::string broken = judge_leader(record, id, view);
      if (!broken.empty()) return broken;
    }
    for (int other = 1; other < id; ++other) {
      const View& theirs = catalogue_.view(numbers[static_cast<std::size_t>(other)]);
      if (!match(view.durable, theirs.durable) || !match(view.handed, theirs.handed))
        return "log-matching: " + name(other) + " and " + name(id) + " agree on an entry, and not before it";
    }
  }
  return {};
}

std::string Rules::judge_rest(RecordNumber number, const Servers& numbers) const {
  const View& first = catalogue_.view(numbers[1]);
  const auto of_one_mind = [&](ServerNumber server) {
    const View& view = catalogue_.view(server);
    return view.up && view.role.role != broadcast::Role::looking && view.role.epoch == first.role.epoch;
  };
  if (!std::all_of(numbers.begin() + 1, numbers.end(), of_one_mind)) return {};
  for (int id = 1; id <= ensemble_size; ++id) {
    const View& view = catalogue_.view(numbers[static_cast<std::size_t>(id)]);
    if (view.last != first.last || view.delivered != view.last)
      return "rest: " + name(id) + " is behind, and nothing is under way";
    if (view.waits) return "rest: a client of " + name(id) + " waits for its write, and nothing is under way";
  }
  if (!records_[number].asked.empty())
    return "rest: a client waits for its barrier, and nothing is under way";
  return {};
}

void Rules::asked(RecordNumber& number, int id, broadcast::BarrierId barrier) {
  Record record = records_[number];
  record.asked.push_back({id, barrier, record.committed.size()});
  number = add(std::move(record));
}

void Rules::crashed(RecordNumber& number, int id) {
  Record record = records_[number];
  record.asked.erase(std::remove_if(record.asked.begin(), record.asked.end(),
                                    [id](const Record::Asked& asked) { return asked.server == id; }),
                     record.asked.end());
  number = add(std::move(record));
}

}  // namespace muster::exhaustive
