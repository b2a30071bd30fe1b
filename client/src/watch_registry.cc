#include "client/src/watch_registry.h"

#include <muster/path.h>

#include <algorithm>
#include <utility>

namespace muster::client {
namespace {

enum class AddMode : std::int32_t { persistent = 0, persistent_recursive = 1 };
// The path that a request would watch; null if it would not.
const std::string* watched_path(const wire::Request& request) {
  if (const auto* get = std::get_if<wire::GetDataRequest>(&request)) return get->watch ? &get->path : nullptr;
  if (const auto* exists = std::get_if<wire::ExistsRequest>(&request))
    return exists->watch ? &exists->path : nullptr;
  if (const auto* children = std::get_if<wire::GetChildrenRequest>(&request))
    return children->watch ? &children->path : nullptr;
  if (const auto* add = std::get_if<wire::AddWatchRequest>(&request)) return &add->path;
  return nullptr;
}

// True if the ids held this one.
bool erase(std::vector<WatchId>& ids, WatchId id) {
  const auto at = std::find(ids.begin(), ids.end(), id);
  if (at == ids.end()) return false;
  ids.erase(at);
  return true;
}

}  // namespace

void WatchRegistry::expected(const wire::Request& request) {
  if (const std::string* path = watched_path(request)) ++entries_[*path].expected;
}

void WatchRegistry::retired(const wire::Request& request) {
  const std::string* path = watched_path(request);
  if (!path) return;
  const auto at = entries_.find(*path);
  --at->second.expected;
  settle(at);
}

void WatchRegistry::answered(WatchId id, const wire::Request& request, ErrorCode error, bool wanted) {
  const std::string* path = watched_path(request);
  if (!path) return;
  const auto at = entries_.find(*path);
  Entry& entry = at->second;
  Ids* ids = nullptr;
  if (std::holds_alternative<wire::ExistsRequest>(request)) {
    // The one request that leaves a watch although the node is missing.
    if (error == ErrorCode::ok) ids = &entry.data;
    if (error == ErrorCode::no_node) ids = &entry.exist;
  } else if (error == ErrorCode::ok) {
    ids = &entry.data;
    if (std::holds_alternative<wire::GetChildrenRequest>(request)) ids = &entry.child;
    if (const auto* add = std::get_if<wire::AddWatchRequest>(&request)) {
      const bool recursive = static_cast<AddMode>(add->mode) == AddMode::persistent_recursive;
      ids = recursive ? &entry.recursive : &entry.persistent;
    }
  }
  if (ids && wanted) {
    ids->push_back(id);
    index_.emplace(id, at);
    if (ids == &entry.recursive) ++recursive_count_;
  } else if (ids) {
    stray(entry, *ids) = true;
  }
  retired(request);
}

bool& WatchRegistry::stray(Entry& entry, const Ids& ids) {
  if (&ids == &entry.persistent || &ids == &entry.recursive) return entry.stray_stream;
  return &ids == &entry.child ? entry.stray_child : entry.stray_data;
}

// Fired, and therefore gone from the server too.
void WatchRegistry::take(Ids& ids, Ids& told) {
  for (const WatchId id : ids) index_.erase(id);
  told.insert(told.end(), ids.begin(), ids.end());
  ids.clear();
}

void WatchRegistry::tell_recursive(std::string_view path, Ids& told) const {
  for (; recursive_count_ > 0 && !path.empty(); path = parent_of(path)) {
    const auto at = entries_.find(path);
    if (at != entries_.end())
      told.insert(told.end(), at->second.recursive.begin(), at->second.recursive.end());
  }
}

std::vector<WatchId> WatchRegistry::fired(wire::EventType type, const std::string& path) {
  const bool children = type == wire::EventType::node_children_changed;
  const bool gone = type == wire::EventType::node_deleted;
  Ids told;
  if (!children) tell_recursive(path, told);
  const auto at = entries_.find(path);
  if (at == entries_.end()) return told;
  Entry& entry = at->second;
  told.insert(told.end(), entry.persistent.begin(), entry.persistent.end());
  if (!children) {
    take(entry.data, told);
    take(entry.exist, told);
    entry.stray_data = false;
  }
  if (children || gone) {
    take(entry.child, told);
    entry.stray_child = false;
  }
  settle(at);
  return told;
}

void WatchRegistry::drop(WatchId id) {
  const auto found = index_.find(id);
  if (found == index_.end()) return;  // it has fired
  const auto at = found->second;
  index_.erase(found);
  Entry& entry = at->second;
  for (Ids* ids : {&entry.data, &entry.exist, &entry.child, &entry.persistent, &entry.recursive}) {
    if (!erase(*ids, id)) continue;
    stray(entry, *ids) = true;
    if (ids == &entry.recursive) --recursive_count_;
    // A one-shot watch that is left on the server fires once at most; a persistent one would go on for ever.
    const bool stream = ids == &entry.persistent || ids == &entry.recursive;
    if (stream && ids->empty() && entry.held() && entry.expected == 0) {
      remove(at->first, ids == &entry.recursive ? Removal::persistent_recursive : Removal::persistent);
    }
  }
  settle(at);
}

// Forgets a path that nobody watches, and makes the server forget it.
void WatchRegistry::settle(Entries::iterator at) {
  const Entry& entry = at->second;
  if (entry.held() || entry.expected > 0) return;
  if (entry.stray_data || entry.stray_child || entry.stray_stream) remove(at->first, Removal::any);
  entries_.erase(at);
}

void WatchRegistry::remove(const std::string& path, Removal kind) {
  removals_.push_back({wire::OpCode::remove_watches, path, static_cast<std::int32_t>(kind)});
}

std::vector<wire::WatchesRequest> WatchRegistry::take_removals() { return std::exchange(removals_, {}); }

void WatchRegistry::forget_server() {
  removals_.clear();
  for (auto& [path, entry] : entries_) entry.stray_data = entry.stray_child = entry.stray_stream = false;
}

std::vector<std::pair<std::string, std::vector<WatchId>>> WatchRegistry::streams() const {
  std::vector<std::pair<std::string, Ids>> all;
  for (const auto& [path, entry] : entries_) {
    Ids ids = entry.persistent;
    ids.insert(ids.end(), entry.recursive.begin(), entry.recursive.end());
    if (!ids.empty()) all.emplace_back(path, std::move(ids));
  }
  return all;
}

std::vector<wire::SetWatchesRequest> WatchRegistry::requests(Zxid seen) const {
  using Request = wire::SetWatchesRequest;
  std::vector<Request> all;
  std::size_t bytes = batch_bytes;  // of the last request; "full" makes the first path begin one
  const auto add = [&](Ids Entry::*ids, std::vector<std::string> Request::*list, bool persistent) {
    for (const auto& [path, entry] : entries_) {
      if ((entry.*ids).empty()) continue;
      if (all.empty() || bytes + path.size() > batch_bytes) {
        all.push_back({wire::OpCode::set_watches, seen, {}, {}, {}, {}, {}});
        bytes = 0;
      }
      bytes += path.size();
      (all.back().*list).push_back(path);
      // The older operation where it is enough: more servers know it.
      if (persistent) all.back().type = wire::OpCode::set_watches2;
    }
  };
  add(&Entry::data, &Request::data, false);
  add(&Entry::exist, &Request::exist, false);
  add(&Entry::child, &Request::child, false);
  add(&Entry::persistent, &Request::persistent, true);
  add(&Entry::recursive, &Request::persistent_recursive, true);
  return all;
}

}  // namespace muster::client
