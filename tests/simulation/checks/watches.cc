#include "tests/simulation/checks/watches.h"

#include <fmt/core.h>

namespace muster::simulation {
namespace {

constexpr unsigned bit(tree::ChangeKind kind) { return 1U << static_cast<unsigned>(kind); }

unsigned kinds_of(ClientWatches::Kind kind) {
  using tree::ChangeKind;
  return kind == ClientWatches::Kind::data
             ? bit(ChangeKind::created) | bit(ChangeKind::deleted) | bit(ChangeKind::data)
             : bit(ChangeKind::children) | bit(ChangeKind::deleted);
}

unsigned kind_of(wire::EventType type) {
  switch (type) {
    case wire::EventType::node_created:
      return bit(tree::ChangeKind::created);
    case wire::EventType::node_deleted:
      return bit(tree::ChangeKind::deleted);
    case wire::EventType::node_data_changed:
      return bit(tree::ChangeKind::data);
    case wire::EventType::node_children_changed:
      return bit(tree::ChangeKind::children);
  }
  return 0;
}

}  // namespace

void ClientWatches::armed(const std::string& path, Kind kind, Zxid zxid) {
  since_.try_emplace({path, kind}, zxid);
}

void ClientWatches::on_event(const Model& model, const wire::WatcherEvent& event, Zxid zxid) {
  const unsigned kind = kind_of(event.type);
  if (zxid.value <= 0 || zxid > model.applied() || !model.changed_at(event.path, zxid, kind)) {
    broken("watch-event", fmt::format("event {} of {} at {} without such a change",
                                      static_cast<int>(event.type), event.path, zxid.value));
  }
  bool expected = false;
  for (const Kind watched : {Kind::data, Kind::child}) {
    const auto place = since_.find({event.path, watched});
    if (place == since_.end() || (kinds_of(watched) & kind) == 0) continue;
    const auto first = model.change(event.path, place->second, zxid, kinds_of(watched));
    if (!first || first->zxid != zxid) {
      broken("watch-event",
             fmt::format("event {} of {} at {} is not the first change after {}",
                         static_cast<int>(event.type), event.path, zxid.value, place->second.value));
    }
    since_.erase(place);
    expected = true;
  }
  if (!expected)
    broken("watch-event", fmt::format("event {} of {} at {} that nobody waits for",
                                      static_cast<int>(event.type), event.path, zxid.value));
}

void ClientWatches::on_reply(const Model& model, Zxid zxid) {
  for (auto& [watched, since] : since_) {
    if (zxid <= since) continue;
    if (const auto change = model.change(watched.first, since, zxid, kinds_of(watched.second))) {
      broken("watch-order", fmt::format("a reply at {} before the event of {}'s change at {}", zxid.value,
                                        watched.first, change->zxid.value));
    }
    since = zxid;
  }
}

}  // namespace muster::simulation
