// Whether what a power cut left starts as the story allows.
#include <algorithm>
#include <exception>

#include "tests/support/crash_images.h"
#include "tests/unit/sweeps/disk_server.h"
#include "tests/unit/sweeps/story.h"

namespace muster::sweeps {

using storage::CrashImages;
using storage::SimFileSystem;

namespace {

struct Violation {
  std::string what;
};

void require(bool condition, const std::string& otherwise) {
  if (!condition) throw Violation{otherwise};
}

bool is_front(const Entries& front, const Entries& whole) {
  return front.size() <= whole.size() && std::equal(front.begin(), front.end(), whole.begin());
}

Entries from(Zxid first, Entries log) {
  const auto begin =
      std::find_if(log.begin(), log.end(), [&](const auto& entry) { return entry.zxid >= first; });
  log.erase(log.begin(), begin);
  return log;
}

Entries whole_log(const storage::Durable& durable) {
  Entries log;
  for (Zxid next = durable.first(); next <= durable.last(); next = log.back().zxid.next())
    for (auto& entry : durable.read(next, durable.last(), 100'000)) log.push_back(std::move(entry));
  return log;
}

std::string text(const broadcast::HardState& state) {
  return "epoch " + to_string(state.epoch) + " vote " + to_string(state.vote) +
         (state.qualified ? "" : ", unqualified");
}

}  // namespace

struct Story::Found {
  Zxid first, mark, applied, checkpoint;
  Entries log;
  broadcast::HardState hard_state;
  bool stateless = false;
  std::uint64_t digest = 0, recomputed = 0;
  std::string cluster_id;
  std::string complaint;  // what it told people, if it is not what a power cut explains

  [[nodiscard]] friend std::string text(const Found& found) {
    return "entries from " + to_string(found.first) + ": " + std::to_string(found.log.size()) +
           ", applied to " + to_string(found.applied) + ", checkpoint " + to_string(found.checkpoint) + ", " +
           text(found.hard_state);
  }
  [[nodiscard]] bool same(const Found& other) const {
    return first == other.first && applied == other.applied && checkpoint == other.checkpoint &&
           log == other.log && hard_state == other.hard_state && digest == other.digest &&
           cluster_id == other.cluster_id;
  }
};

Story::Found Story::find(SimFileSystem& files) const {
  DiskServer server(files, {segment_bytes_, ServerId{1}});
  node::StartState start = server.open();
  Found found;
  found.first = start.first;
  found.mark = start.commit_mark;
  found.hard_state = start.hard_state;
  found.stateless = start.stateless;
  for (const std::string& report : server.reports())
    if (report.find("thrown away") != std::string::npos || report.find("does not vote") != std::string::npos)
      found.complaint = report;
  found.log = whole_log(server.durable());
  found.cluster_id = server.identity().cluster_id();
  if (found.stateless) return found;
  const node::Started started = node::replay(std::move(start));
  found.applied = started.tree.applied();
  if (started.checkpoint) found.checkpoint = started.checkpoint->base.zxid;
  found.digest = started.tree.digest();
  found.recomputed = started.tree.recompute_digest();
  return found;
}

void Story::check(const Found& found, const Expected& before, const Step& during) const {
  require(found.complaint.empty() || std::holds_alternative<SetAside>(during), found.complaint);
  require(!found.stateless, "the state below the log is lost");
  Expected after = before;
  after.perform(during);

  require(found.checkpoint == before.checkpoint || found.checkpoint == after.checkpoint,
          "the checkpoint at zxid " + to_string(before.checkpoint) + " was published, and the one at zxid " +
              to_string(found.checkpoint) + " is found");
  require(found.first <= found.checkpoint.next(), "a gap lies between the state and the log");
  check_log(found, before, during);

  require(found.mark <= std::max({before.committed, after.committed, found.checkpoint}),
          "more than was committed counts as committed");
  require(found.applied == std::max(found.mark, found.checkpoint), "the log is applied up to its mark");
  require(found.digest == found.recomputed && found.digest == history_.digest_at(found.applied.value),
          "the tree at zxid " + to_string(found.applied) + " is another than was agreed on");

  const bool old_state = found.hard_state == not_below(found.log, before.hard_state);
  const bool new_state = found.hard_state == not_below(found.log, after.hard_state);
  require(old_state || new_state,
          "voted " + text(before.hard_state) + ", and " + text(found.hard_state) + " is found");
  require(found.cluster_id == History::cluster_id || (found.cluster_id.empty() && !before.cluster),
          "the cluster's id is lost");
}

// It must lie on the way from `before` through the truncation to the end of the appends and the purge; or an installed state has
// taken the log's place.
void Story::check_log(const Found& found, const Expected& before, const Step& during) const {
  const auto range = [](const Entries& log) {
    return log.empty() ? "none"
                       : to_string(log.front().zxid) + " to " + to_string(log.back().zxid) + " of epoch " +
                             to_string(log.back().epoch);
  };
  const std::string differs =
      "entries " + range(before.log) + " were written safely, and " + range(found.log) + " are found";
  const auto* install = std::get_if<Install>(&during);
  if (install != nullptr && found.checkpoint == Zxid{install->zxid})
    return require(found.log.empty() && found.first == found.checkpoint.next(),
                   "the log is not reset to the state that was installed");
  Expected after = before;
  if (install == nullptr) after.perform(during);
  if (std::holds_alternative<SetAside>(during))
    return require(
        found.log == before.log || (is_front(found.log, from(found.first, before.log)) &&
                                    found.first == before.base.next() && !found.hard_state.qualified),
        differs);
  Expected cut = before;
  const auto* persist = std::get_if<broadcast::Persist>(&during);
  if (persist != nullptr && persist->truncate_after) cut.cut(*persist->truncate_after);
  const Entries old = from(found.first, before.log);
  const Entries kept = from(found.first, cut.log);
  const bool cutting =
      found.first <= before.base.next() && is_front(kept, found.log) && is_front(found.log, old);
  const bool growing = found.first <= after.base.next() && is_front(kept, found.log) &&
                       is_front(found.log, from(found.first, after.log));
  require(cutting || growing, differs);
}

std::string Story::problem(SimFileSystem image, const Moment& moment, bool thorough,
                           std::uint64_t chance) const {
  const Expected& before = expected_[moment.steps];
  const Step& during = steps_[moment.steps];
  try {
    const SimFileSystem left = image;
    const Found found = find(image);
    check(found, before, during);
    const CrashImages again(image);
    for (const std::size_t n : {std::size_t{0}, chance % again.size()}) {
      SimFileSystem cut = again.at(n);
      const Found later = find(cut);
      require(found.same(later), "what was found once is not found after another power cut: " + text(found) +
                                     ", and then " + text(later));
    }
    if (!thorough) return {};
    cut_again(left, moment, chance);
    go_on(image, found);
  } catch (const Violation& violation) {
    return violation.what;
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

// In the recovery itself.
void Story::cut_again(const SimFileSystem& image, const Moment& moment, std::uint64_t chance) const {
  SimFileSystem dying = image;
  dying.crash_at(1 + chance % 37);
  try {
    (void)find(dying);
  } catch (const storage::SimCrash&) {
  }
  const CrashImages left(dying);
  SimFileSystem cut = left.at(chance / 37 % left.size());
  check(find(cut), expected_[moment.steps], steps_[moment.steps]);
}

void Story::go_on(SimFileSystem& files, const Found& found) const {
  const std::int64_t next = found.log.empty() ? found.first.value : found.log.back().zxid.value + 1;
  broadcast::Entry entry;
  entry.epoch = Epoch{1000};
  entry.zxid = Zxid{next};
  entry.payload = SharedBytes(std::string(segment_bytes_ / 3, 'n'));
  broadcast::Persist persist;
  persist.append = {entry};
  {
    DiskServer server(files, {segment_bytes_, ServerId{1}});
    (void)server.open();
    server.durable().perform(persist);
  }
  SimFileSystem cut = CrashImages(files).at(0);
  Found later = find(cut);
  require(!later.log.empty() && later.log.back() == entry, "what was written after the recovery is lost");
  later.log.pop_back();
  require(later.log == from(later.first, found.log),
          "what was written after the recovery has changed the log");
}

}  // namespace muster::sweeps
