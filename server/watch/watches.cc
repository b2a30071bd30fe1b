#include "server/watch/watches.h"

#include <muster/path.h>

#include <algorithm>
#include <bitset>
#include <optional>
#include <utility>

#include "common/mutant.h"
#include "server/tree/digest.h"

namespace muster::watch {
namespace {

constexpr Kinds bit(Kind kind) { return static_cast<Kinds>(1U << static_cast<unsigned>(kind)); }
constexpr Kinds any_kind = 0xF;
constexpr Kinds one_shot = bit(Kind::data) | bit(Kind::child);
// ZooKeeper's two tables: which kinds hear of the node, and which of its children.
constexpr Kinds of_node = bit(Kind::data) | bit(Kind::persistent) | bit(Kind::persistent_recursive);
constexpr Kinds of_children = bit(Kind::child) | bit(Kind::persistent);

std::size_t count(Kinds kinds) { return std::bitset<8>(kinds).count(); }

Kinds selected(Selector selector) {
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

constexpr std::size_t paths_kept = 16;  // that few of a connection are not worth a look

}  // namespace

Watches::PathId Watches::find(std::string_view path) const {
  return by_path_.find(tree::hash_bytes(path), [&](PathId id) { return watched_[id].path.name() == path; });
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
  watched_[id].path = tree::NodeBlock(path, std::nullopt);
  by_path_.insert(tree::hash_bytes(path), id);
  return id;
}

void Watches::add(ConnId connection, std::string_view path, Kind kind) {
  const PathId id = find_or_add(path);
  Watched& record = watched_[id];
  Watcher& watcher = record.watchers.find_or_add(connection);
  const Kinds before = watcher.kinds();
  if ((before & bit(kind)) != 0) return;
  watcher.set_kinds(static_cast<Kinds>(before | bit(kind)));
  Connection& owner = connections_[connection];
  note_change(record, owner, before, watcher.kinds());
  if (before == 0) note_path(connection, owner, id);
  ++owner.watches;
  ++size_;
  if (kind == Kind::persistent_recursive) ++recursive_;
}

// Each look costs as much as the paths that were added since the last one.
void Watches::note_path(ConnId connection, Connection& owner, PathId id) {
  ++owner.watched;
  owner.paths.push_back(id);
  if (owner.paths.size() <= 2 * owner.watched + paths_kept) return;
  std::sort(owner.paths.begin(), owner.paths.end());
  owner.paths.erase(std::unique(owner.paths.begin(), owner.paths.end()), owner.paths.end());
  const auto is_past = [&](PathId one) { return kinds_of(connection, one) == 0; };
  owner.paths.erase(std::remove_if(owner.paths.begin(), owner.paths.end(), is_past), owner.paths.end());
}

Kinds Watches::kinds_of(ConnId connection, PathId id) const {
  if (id == tree::HashIndex::none) return 0;
  const Watcher* watcher = watched_[id].watchers.find(connection);
  return watcher == nullptr ? Kinds{0} : watcher->kinds();
}

bool Watches::contains(ConnId connection, std::string_view path, Selector selector) const {
  return (kinds_of(connection, find(path)) & selected(selector)) != 0;
}

bool Watches::remove(ConnId connection, std::string_view path, Selector selector) {
  const PathId id = find(path);
  if ((kinds_of(connection, id) & selected(selector)) == 0) return false;
  take(id, *watched_[id].watchers.find(connection), selected(selector));
  sweep(id);
  return true;
}

void Watches::drop(ConnId connection) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  const std::vector<PathId> paths = std::move(found->second.paths);
  for (const PathId id : paths) {
    Watcher* watcher = watched_[id].watchers.find(connection);
    if (watcher == nullptr) continue;  // it watched it once
    take(id, *watcher, any_kind);
    sweep(id);
  }
}

void Watches::take(PathId id, Watcher& watcher, Kinds kinds) {
  const Kinds before = watcher.kinds();
  const auto taken = static_cast<Kinds>(before & kinds);
  if (taken == 0) return;
  watcher.set_kinds(static_cast<Kinds>(before & ~taken));
  size_ -= count(taken);
  if ((taken & bit(Kind::persistent_recursive)) != 0) --recursive_;
  const auto owner = connections_.find(watcher.connection());
  note_change(watched_[id], owner->second, before, watcher.kinds());
  owner->second.watches -= count(taken);
  if (watcher.kinds() == 0) --owner->second.watched;
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
  record.watchers.sweep();
  if (!record.watchers.empty()) return;
  by_path_.erase(tree::hash_bytes(record.path.name()), id);
  record = {};
  free_.push_back(id);
}

// Adds those whose watches of these kinds are on exactly this path, and takes the one-shot ones out.
void Watches::fire(std::vector<Notification>& to, std::string_view path, Kinds wanted, wire::EventType type) {
  const PathId id = find(path);
  if (id == tree::HashIndex::none) return;
  for (Watcher& watcher : watched_[id].watchers) {
    if ((watcher.kinds() & wanted) == 0) continue;
    to.push_back({watcher.connection(), type});
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
            [](const Watched* a, const Watched* b) { return a->path.name() < b->path.name(); });
  std::vector<Entry> entries;
  for (const Watched* record : records)
    for (const Watcher& watcher : record->watchers)
      if ((watcher.kinds() & of_node) != 0) entries.push_back({record->path.name(), watcher.connection()});
  return entries;
}

}  // namespace muster::watch
