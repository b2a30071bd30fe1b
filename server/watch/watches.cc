#include "server/watch/watches.h"

#include <muster/path.h>

#include <algorithm>
#include <bitset>

#include "common/mutant.h"
#include "server/tree/digest.h"

namespace muster::watch {
namespace {

constexpr std::uint8_t bit(Kind kind) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind)); }
constexpr std::uint8_t any_kind = 0xF;
constexpr std::uint8_t one_shot = bit(Kind::data) | bit(Kind::child);
// ZooKeeper's two tables: which kinds hear of the node, and which of its children.
constexpr std::uint8_t of_node = bit(Kind::data) | bit(Kind::persistent) | bit(Kind::persistent_recursive);
constexpr std::uint8_t of_children = bit(Kind::child) | bit(Kind::persistent);

std::size_t count(std::uint8_t kinds) { return std::bitset<8>(kinds).count(); }

std::uint8_t selected(Selector selector) {
  switch (selector) {
    case Selector::children:
      return bit(Kind::child);
    case Selector::data:
      return bit(Kind::data);
    case Selector::any:
      return any_kind;
    case Selector::persistent:
      return bit(Kind::persistent);
    case Selector::persistent_recursive:
      return bit(Kind::persistent_recursive);
  }
  return 0;
}

template <class Watchers>
auto place_of(Watchers& watchers, ConnId connection) {
  // A new watch is mostly a young connection's.
  if (watchers.empty() || watchers.back().connection < connection) return watchers.end();
  return std::lower_bound(watchers.begin(), watchers.end(), connection,
                          [](const auto& watcher, ConnId wanted) { return watcher.connection < wanted; });
}

}  // namespace

Watches::PathId Watches::find(std::string_view path) const {
  return by_path_.find(tree::hash_bytes(path), [&](PathId id) { return watched_[id].path == path; });
}

Watches::PathId Watches::find_or_add(std::string_view path) {
  PathId id = find(path);
  if (id != tree::HashIndex::none) return id;
  if (free_.empty()) {
    id = static_cast<PathId>(watched_.size());
    watched_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  watched_[id].path = path;
  by_path_.insert(tree::hash_bytes(path), id);
  return id;
}

void Watches::add(ConnId connection, std::string_view path, Kind kind) {
  const PathId id = find_or_add(path);
  std::vector<Watcher>& watchers = watched_[id].watchers;
  auto watcher = place_of(watchers, connection);
  if (watcher == watchers.end() || watcher->connection != connection) {
    watcher = watchers.insert(watcher, {connection, 0});
  }
  if ((watcher->kinds & bit(kind)) != 0) return;
  Connection& owner = connections_[connection];
  const Kinds before = watcher->kinds;
  watcher->kinds = static_cast<Kinds>(before | bit(kind));
  note_change(watched_[id], owner, before, watcher->kinds);
  owner.paths.insert(id);
  ++owner.watches;
  ++size_;
  if (kind == Kind::persistent_recursive) ++recursive_;
}

Watches::Kinds Watches::kinds_of(ConnId connection, PathId id) const {
  if (id == tree::HashIndex::none) return 0;
  const auto watcher = place_of(watched_[id].watchers, connection);
  if (watcher == watched_[id].watchers.end() || watcher->connection != connection) return 0;
  return watcher->kinds;
}

bool Watches::contains(ConnId connection, std::string_view path, Selector selector) const {
  return (kinds_of(connection, find(path)) & selected(selector)) != 0;
}

bool Watches::remove(ConnId connection, std::string_view path, Selector selector) {
  const PathId id = find(path);
  if ((kinds_of(connection, id) & selected(selector)) == 0) return false;
  take(id, *place_of(watched_[id].watchers, connection), selected(selector));
  sweep(id);
  return true;
}

void Watches::drop(ConnId connection) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  const std::set<PathId> paths = found->second.paths;
  for (const PathId id : paths) {
    take(id, *place_of(watched_[id].watchers, connection), any_kind);
    sweep(id);
  }
}

void Watches::take(PathId id, Watcher& watcher, Kinds kinds) {
  const Kinds before = watcher.kinds;
  const auto taken = static_cast<Kinds>(before & kinds);
  if (taken == 0) return;
  watcher.kinds = static_cast<Kinds>(before & ~taken);
  size_ -= count(taken);
  if ((taken & bit(Kind::persistent_recursive)) != 0) --recursive_;
  const auto owner = connections_.find(watcher.connection);
  note_change(watched_[id], owner->second, before, watcher.kinds);
  owner->second.watches -= count(taken);
  if (watcher.kinds == 0) owner->second.paths.erase(id);
  if (owner->second.watches == 0) connections_.erase(owner);
}

void Watches::note_change(Watched& record, Connection& owner, Kinds before, Kinds after) {
  if ((before & of_children) == 0 && (after & of_children) != 0) ++children_;
  if ((before & of_children) != 0 && (after & of_children) == 0) --children_;
  if ((before & of_node) == 0 && (after & of_node) != 0) {
    ++nodes_.watches;
    if (++record.of_node == 1) ++nodes_.paths;
    if (++owner.of_nodes == 1) ++nodes_.connections;
  }
  if ((before & of_node) != 0 && (after & of_node) == 0) {
    --nodes_.watches;
    if (--record.of_node == 0) --nodes_.paths;
    if (--owner.of_nodes == 0) --nodes_.connections;
  }
}

void Watches::sweep(PathId id) {
  Watched& record = watched_[id];
  const auto is_done = [](const Watcher& watcher) { return watcher.kinds == 0; };
  record.watchers.erase(std::remove_if(record.watchers.begin(), record.watchers.end(), is_done),
                        record.watchers.end());
  if (!record.watchers.empty()) return;
  by_path_.erase(tree::hash_bytes(record.path), id);
  record = {};
  free_.push_back(id);
}

// Adds those whose watches of these kinds are on exactly this path, and takes the one-shot ones out.
void Watches::fire(std::vector<Notification>& to, std::string_view path, Kinds wanted, wire::EventType type) {
  const PathId id = find(path);
  if (id == tree::HashIndex::none) return;
  for (Watcher& watcher : watched_[id].watchers) {
    if ((watcher.kinds & wanted) == 0) continue;
    to.push_back({watcher.connection, type});
    if (!mutant(Mutant::one_shot_fires_again)) take(id, watcher, wanted & one_shot);
  }
  sweep(id);
}

std::vector<Notification> Watches::on(const tree::Change& change) {
  using tree::ChangeKind;
  std::vector<Notification> to;
  if (size_ == 0) return to;
  if (change.kind == ChangeKind::children) {
    fire(to, change.path, of_children, wire::EventType::node_children_changed);
    return to;
  }
  const bool deleted = change.kind == ChangeKind::deleted;
  const wire::EventType type = deleted                              ? wire::EventType::node_deleted
                               : change.kind == ChangeKind::created ? wire::EventType::node_created
                                                                    : wire::EventType::node_data_changed;
  fire(to, change.path, deleted ? of_node | of_children : of_node, type);
  if (recursive_ == 0) return to;
  for (std::string_view up = parent_of(change.path); !up.empty(); up = parent_of(up)) {
    fire(to, up, bit(Kind::persistent_recursive), type);
  }
  const auto by_connection = [](const Notification& a, const Notification& b) {
    return a.connection < b.connection;
  };
  const auto same = [](const Notification& a, const Notification& b) { return a.connection == b.connection; };
  std::sort(to.begin(), to.end(), by_connection);
  to.erase(std::unique(to.begin(), to.end(), same), to.end());
  return to;
}

std::size_t Watches::size() const { return size_; }

std::size_t Watches::size_of(ConnId connection) const {
  const auto found = connections_.find(connection);
  return found == connections_.end() ? 0 : found->second.watches;
}

std::vector<Watches::Entry> Watches::node_entries() const {
  std::vector<const Watched*> records;
  for (const Watched& record : watched_)
    if (record.of_node > 0) records.push_back(&record);
  std::sort(records.begin(), records.end(),
            [](const Watched* a, const Watched* b) { return a->path < b->path; });
  std::vector<Entry> entries;
  for (const Watched* record : records)
    for (const Watcher& watcher : record->watchers)
      if ((watcher.kinds & of_node) != 0) entries.push_back({record->path, watcher.connection});
  return entries;
}

}  // namespace muster::watch
