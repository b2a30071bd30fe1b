#include "server/frontend/touches.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace muster::frontend {
namespace {

// Sorted by session, of each only the touch that has waited longest; another connection of a session counts
// for itself.
void unite(std::vector<Touches::Touch>& touches) {
  const auto key = [](const Touches::Touch& t) {
    return std::make_tuple(t.session, t.connection, t.since_ms);
  };
  std::sort(touches.begin(), touches.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto same = [](const auto& a, const auto& b) {
    return a.session == b.session && a.connection == b.connection;
  };
  touches.erase(std::unique(touches.begin(), touches.end(), same), touches.end());
}

// That field of all of them, sorted, each once.
template <class Value>
std::vector<Value> all(const std::vector<Touches::Touch>& touches, Value Touches::Touch::*field) {
  std::vector<Value> values;
  values.reserve(touches.size());
  for (const Touches::Touch& touch : touches) values.push_back(touch.*field);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

Touches::Counted Touches::counted(const Batch& batch) {
  return {all(batch.touches, &Touch::connection), batch.mark};
}

void Touches::fresh_begins() {
  const std::uint64_t mark = fresh_.mark + 1;
  fresh_ = Batch{};
  fresh_.mark = mark;
}

void Touches::touch(Now now, SessionId session, ConnId connection, std::int32_t timeout_ms,
                    std::uint64_t& mark) {
  if (mark == fresh_.mark) return;
  mark = fresh_.mark;
  const std::int64_t deadline_ms = now.mono_ms + timeout_ms / 3;
  fresh_.touches.push_back({session, connection, now.mono_ms, deadline_ms});
  fresh_.first_deadline_ms = std::min(fresh_.first_deadline_ms, deadline_ms);
}

Touches::Report Touches::report(Now now) {
  if (fresh_.touches.empty()) return {};
  unite(fresh_.touches);
  fresh_.n = ++last_n_;
  fresh_.made_ms = now.mono_ms;
  Report report{fresh_.n, all(fresh_.touches, &Touch::session)};
  reports_.push_back(fresh_);
  fresh_begins();
  return report;
}

Touches::Counted Touches::confirmed(std::uint64_t n) {
  const auto found =
      std::find_if(reports_.begin(), reports_.end(), [n](const Batch& batch) { return batch.n == n; });
  if (found == reports_.end()) return {};
  Counted known = counted(*found);
  reports_.erase(found);
  return known;
}

void Touches::lost() {
  for (Batch& batch : reports_) {
    fresh_.touches.insert(fresh_.touches.end(), batch.touches.begin(), batch.touches.end());
    fresh_.first_deadline_ms = std::min(fresh_.first_deadline_ms, batch.first_deadline_ms);
  }
  reports_.clear();
}

std::vector<ConnId> Touches::overdue(Now now) {
  std::vector<ConnId> connections;
  const auto collect = [&](Batch& batch) {
    if (batch.first_deadline_ms > now.mono_ms) return;
    batch.first_deadline_ms = INT64_MAX;
    const auto kept =
        std::stable_partition(batch.touches.begin(), batch.touches.end(),
                              [&](const Touch& touch) { return touch.deadline_ms > now.mono_ms; });
    for (auto touch = kept; touch != batch.touches.end(); ++touch) connections.push_back(touch->connection);
    batch.touches.erase(kept, batch.touches.end());
    for (const Touch& touch : batch.touches)
      batch.first_deadline_ms = std::min(batch.first_deadline_ms, touch.deadline_ms);
  };
  for (Batch& batch : reports_) collect(batch);
  collect(fresh_);
  std::sort(connections.begin(), connections.end());
  connections.erase(std::unique(connections.begin(), connections.end()), connections.end());
  return connections;
}

}  // namespace muster::frontend
