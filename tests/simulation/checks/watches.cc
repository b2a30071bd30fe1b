#include "tests/simulation/checks/watches.h"

#include <fmt/core.h>

#include <optional>

namespace muster::simulation {
namespace {

constexpr unsigned bit(tree::ChangeKind kind) { return 1U << static_cast<unsigned>(kind); }

unsigned kinds_of(ClientWatches::Kind kind) {
  using tree::ChangeKind;
  return kind == ClientWatches::Kind::data
             ? bit(ChangeKind::created) | bit(ChangeKind::deleted) | bit(ChangeKind::data)
             : bit(ChangeKind::children) | bit(ChangeKind::deleted);
}

tree::ChangeKind kind_of(wire::EventType type) {
  switch (type) {
    case wire::EventType::node_created:
      return tree::ChangeKind::created;
    case wire::EventType::node_deleted:
      return tree::ChangeKind::deleted;
    case wire::EventType::node_data_changed:
      return tree::ChangeKind::data;
    case wire::EventType::node_children_changed:
      return tree::ChangeKind::children;
  }
  broken("watch-event", fmt::format("an event of type {}", static_cast<int>(type)));
}

std::string text_of(const wire::WatcherEvent& event) {
  return fmt::format("event {} of {}", static_cast<int>(event.type), event.path);
}

// What a watch that is set again is told of a node that is now so.
std::optional<wire::EventType> missed(ClientWatches::Kind kind, bool was_there, const Model::Version* now,
                                      Zxid since) {
  const bool there = now != nullptr && now->node.has_value();
  if (!was_there) return there ? std::optional(wire::EventType::node_created) : std::nullopt;
  if (!there) return wire::EventType::node_deleted;
  if (kind == ClientWatches::Kind::data) {
    return now->node->stat.mzxid > since ? std::optional(wire::EventType::node_data_changed) : std::nullopt;
  }
  return now->node->stat.pzxid > since ? std::optional(wire::EventType::node_children_changed) : std::nullopt;
}

}  // namespace

void ClientWatches::armed(const std::string& path, Kind kind, Zxid zxid) {
  since_.try_emplace({path, kind}, zxid);
}

void ClientWatches::armed_persistent(const std::string& path, Zxid zxid) {
  persistent_.try_emplace(path, Persistent{zxid, 0});
}

void ClientWatches::clear() { *this = ClientWatches(); }

void ClientWatches::connection_lost() {
  for (const auto& [watched, was_there] : resetting_) {
    bool told = false;
    for (auto [place, end] = caught_.equal_range(watched.first); place != end; ++place)
      told = told || (kinds_of(watched.second) & bit(kind_of(place->second))) != 0;
    if (!told) since_.emplace(watched, reset_from_);
  }
  resetting_.clear();
  caught_.clear();
  for (const auto& [path, watch] : persistent_) persistent_again_.insert(path);
  persistent_.clear();
}

void ClientWatches::on_event(const Model& model, const wire::WatcherEvent& event, Zxid zxid) {
  if (zxid == Zxid{-1}) return on_caught(event);
  const unsigned kind = bit(kind_of(event.type));
  if (zxid.value <= 0 || zxid > model.applied() || !model.changed_at(event.path, zxid, kind)) {
    broken("watch-event", fmt::format("{} at {} without such a change", text_of(event), zxid.value));
  }
  bool expected = take_persistent(model, event, zxid);
  for (const Kind watched : {Kind::data, Kind::child}) {
    const auto place = since_.find({event.path, watched});
    if (place == since_.end() || (kinds_of(watched) & kind) == 0) continue;
    const auto first = model.change(event.path, place->second, zxid, kinds_of(watched));
    if (!first || first->zxid != zxid) {
      broken("watch-event", fmt::format("{} at {} is not the first change after {}", text_of(event),
                                        zxid.value, place->second.value));
    }
    since_.erase(place);
    expected = true;
  }
  if (!expected)
    broken("watch-event", fmt::format("{} at {} that nobody waits for", text_of(event), zxid.value));
}

bool ClientWatches::take_persistent(const Model& model, const wire::WatcherEvent& event, Zxid zxid) {
  const auto place = persistent_.find(event.path);
  if (place == persistent_.end()) return false;
  Persistent& watch = place->second;
  const auto owed = model.changes(event.path, watch.since, zxid);
  if (watch.taken >= owed.size() || owed[watch.taken].zxid != zxid ||
      owed[watch.taken].kind != kind_of(event.type)) {
    broken("watch-order",
           fmt::format("{} at {} is not the persistent watch's next", text_of(event), zxid.value));
  }
  ++watch.taken;
  return true;
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
  for (auto& [path, watch] : persistent_) {
    if (zxid <= watch.since) continue;
    const auto owed = model.changes(path, watch.since, zxid);
    if (watch.taken < owed.size()) {
      broken("watch-order",
             fmt::format("a reply at {} before the persistent watch's event of {}'s change at {}", zxid.value,
                         path, owed[watch.taken].zxid.value));
    }
    watch = {zxid, watch.taken - owed.size()};
  }
}

wire::SetWatchesRequest ClientWatches::begin_reset(const Model& model, Zxid seen) {
  wire::SetWatchesRequest request;
  request.relative_zxid = reset_from_ = seen;
  resetting_.clear();
  for (const auto& [watched, since] : since_) {
    const Model::Version* version = model.version(watched.first, seen);
    const bool there = version != nullptr && version->node.has_value();
    resetting_.emplace(watched, there);
    auto& list = watched.second == Kind::child ? request.child : there ? request.data : request.exist;
    list.push_back(watched.first);
  }
  since_.clear();
  request.persistent.assign(persistent_again_.begin(), persistent_again_.end());
  if (!request.persistent.empty()) request.type = wire::OpCode::set_watches2;
  return request;
}

void ClientWatches::on_caught(const wire::WatcherEvent& event) {
  if (resetting_.empty()) broken("watch-caught", text_of(event) + " though no watches are being set again");
  caught_.emplace(event.path, event.type);
}

void ClientWatches::on_reset(const Model& model, Zxid zxid) {
  for (const auto& [watched, was_there] : resetting_) {
    const auto& [path, kind] = watched;
    const auto event = missed(kind, was_there, model.version(path, zxid), reset_from_);
    if (!event) {
      since_.emplace(watched, zxid);
      continue;
    }
    bool told = false;
    for (auto [place, end] = caught_.equal_range(path); place != end; ++place)
      told = told || place->second == *event;
    if (!told) {
      broken("watch-caught", fmt::format("setting {} again at {} tells nothing of event {} since {}", path,
                                         zxid.value, static_cast<int>(*event), reset_from_.value));
    }
  }
  for (const auto& [path, type] : caught_) {
    bool owed = false;
    for (const auto& [watched, was_there] : resetting_) {
      owed = owed || (watched.first == path &&
                      missed(watched.second, was_there, model.version(path, zxid), reset_from_) == type);
    }
    if (!owed)
      broken("watch-caught", fmt::format("event {} of {} is told, and did not happen since {}",
                                         static_cast<int>(type), path, reset_from_.value));
  }
  resetting_.clear();
  caught_.clear();
  for (const std::string& path : persistent_again_) armed_persistent(path, zxid);
  persistent_again_.clear();
}

}  // namespace muster::simulation
