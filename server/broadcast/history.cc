#include "server/broadcast/history.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace muster::broadcast {

History::History(std::vector<EpochStart> epochs, std::vector<Entry> tail, Zxid delivered, Zxid floor)
    : epochs_(std::move(epochs)), floor_(floor), last_(delivered), delivered_(delivered) {
  CHECK(floor <= delivered, "a state reaches at least to where the log begins");
  while (!epochs_.empty() && epochs_.back().first > last_) epochs_.pop_back();
  for (Entry& entry : tail) append(std::move(entry));
}

Zxid History::first() const { return Zxid{last_.value - static_cast<std::int64_t>(window_.size()) + 1}; }

std::optional<Epoch> History::epoch_at(Zxid zxid) const {
  if (zxid == Zxid{}) return Epoch{};
  if (zxid > last_ || epochs_.empty()) return std::nullopt;
  if (zxid >= epochs_.back().first) return epochs_.back().epoch;
  const auto after = std::upper_bound(epochs_.begin(), epochs_.end(), zxid,
                                      [](Zxid z, const EpochStart& start) { return z < start.first; });
  if (after == epochs_.begin()) return std::nullopt;
  return std::prev(after)->epoch;
}

std::vector<EpochStart> History::epochs_through(Zxid zxid) const {
  std::vector<EpochStart> through = epochs_;
  while (!through.empty() && through.back().first > zxid) through.pop_back();
  return through;
}

Zxid History::last_not_after(Zxid zxid, Epoch epoch) const {
  Zxid end = last_;
  for (auto start = epochs_.rbegin(); start != epochs_.rend(); ++start) {
    if (start->first <= zxid && start->epoch <= epoch) return std::min(zxid, end);
    end = Zxid{start->first.value - 1};
  }
  return std::min(zxid, end);
}

const Entry& History::at(Zxid zxid) const {
  CHECK(zxid >= first() && zxid <= last_, "the entry is not in memory");
  return window_[static_cast<std::size_t>(zxid.value - first().value)];
}

std::size_t History::collect(Zxid from, std::size_t max_bytes, std::vector<Entry>& out) const {
  CHECK(from >= first() && from <= last_, "the entries are not in memory");
  std::size_t bytes = 0;
  out.reserve(out.size() + std::min(window_.size(), max_bytes / size_of(at(from)) + 1));
  for (auto i = static_cast<std::size_t>(from.value - first().value); i < window_.size(); ++i) {
    const std::size_t size = size_of(window_[i]);
    if (bytes > 0 && bytes + size > max_bytes) break;
    bytes += size;
    out.push_back(window_[i]);
  }
  return bytes;
}

void History::append(Entry entry) {
  CHECK(entry.zxid == last_.next(), "the log has no gaps");
  CHECK(entry.epoch >= last_epoch(), "epochs never decrease along the log");
  if (epochs_.empty() || entry.epoch > epochs_.back().epoch)
    epochs_.push_back(EpochStart{entry.epoch, entry.zxid});
  (entry.zxid > delivered_ ? undelivered_bytes_ : delivered_bytes_) += size_of(entry);
  last_ = entry.zxid;
  window_.push_back(std::move(entry));
}

void History::truncate_after(Zxid zxid) {
  CHECK(zxid >= delivered_, "what was delivered stays");
  while (last_ > zxid) {
    undelivered_bytes_ -= size_of(window_.back());
    window_.pop_back();
    last_ = Zxid{last_.value - 1};
  }
  while (!epochs_.empty() && epochs_.back().first > last_) epochs_.pop_back();
}

void History::delivered_to(Zxid zxid) {
  CHECK(zxid <= last_, "only what is in the log can be delivered");
  while (delivered_ < zxid) {
    delivered_ = delivered_.next();
    const std::size_t size = size_of(at(delivered_));
    undelivered_bytes_ -= size;
    delivered_bytes_ += size;
  }
}

void History::trim(Zxid limit, std::size_t max_bytes) {
  const Zxid end = std::min(limit, delivered_);
  while (delivered_bytes_ > max_bytes && !window_.empty() && window_.front().zxid <= end) {
    delivered_bytes_ -= size_of(window_.front());
    window_.pop_front();
  }
}

// The epoch of the entry at the floor stays known: it is what the first one that is sent must follow.
void History::forget_through(Zxid zxid) {
  CHECK(zxid <= delivered_, "only what is delivered is forgotten");
  floor_ = std::max(floor_, zxid);
  while (epochs_.size() > 1 && epochs_[1].first <= floor_) epochs_.erase(epochs_.begin());
}

}  // namespace muster::broadcast
