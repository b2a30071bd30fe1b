#include "client/src/watch_table.h"

#include <utility>

namespace muster::client {
namespace {

enum class AddMode : std::int32_t { persistent = 0, persistent_recursive = 1 };
enum class WatchKind : std::int32_t {
  children = 1,
  data = 2,
  any = 3,
  persistent = 4,
  persistent_recursive = 5
};

}  // namespace

void WatchTable::answered(const wire::Request& request, ErrorCode error) {
  const bool ok = error == ErrorCode::ok;
  if (const auto* get = std::get_if<wire::GetDataRequest>(&request)) {
    if (ok && get->watch) data_.insert(get->path);
  } else if (const auto* exists = std::get_if<wire::ExistsRequest>(&request)) {
    // The one request that leaves a watch although the node is missing.
    if (ok && exists->watch) data_.insert(exists->path);
    if (error == ErrorCode::no_node && exists->watch) exist_.insert(exists->path);
  } else if (const auto* children = std::get_if<wire::GetChildrenRequest>(&request)) {
    if (ok && children->watch) child_.insert(children->path);
  } else if (const auto* add = std::get_if<wire::AddWatchRequest>(&request)) {
    if (!ok) return;
    const bool recursive = static_cast<AddMode>(add->mode) == AddMode::persistent_recursive;
    (recursive ? recursive_ : persistent_).insert(add->path);
  } else if (const auto* remove = std::get_if<wire::WatchesRequest>(&request)) {
    if (ok && remove->type == wire::OpCode::remove_watches) removed(*remove);
  }
}

void WatchTable::removed(const wire::WatchesRequest& request) {
  const auto kind = static_cast<WatchKind>(request.kind);
  const bool any = kind == WatchKind::any;
  if (any || kind == WatchKind::children) child_.erase(request.path);
  if (any || kind == WatchKind::data) {
    data_.erase(request.path);
    exist_.erase(request.path);
  }
  if (any || kind == WatchKind::persistent) persistent_.erase(request.path);
  if (any || kind == WatchKind::persistent_recursive) recursive_.erase(request.path);
}

void WatchTable::fired(wire::EventType type, const std::string& path) {
  switch (type) {
    case wire::EventType::node_created:
    case wire::EventType::node_data_changed:
      data_.erase(path);
      exist_.erase(path);
      return;
    case wire::EventType::node_deleted:
      data_.erase(path);
      exist_.erase(path);
      child_.erase(path);
      return;
    case wire::EventType::node_children_changed:
      child_.erase(path);
      return;
  }
}

bool WatchTable::empty() const {
  return data_.empty() && exist_.empty() && child_.empty() && persistent_.empty() && recursive_.empty();
}

std::vector<wire::SetWatchesRequest> WatchTable::requests(Zxid seen) const {
  using Request = wire::SetWatchesRequest;
  std::vector<Request> all;
  std::size_t bytes = batch_bytes;  // of the last request; "full" makes the first path begin one
  const auto add = [&](const Paths& paths, std::vector<std::string> Request::*list, bool persistent) {
    for (const std::string& path : paths) {
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
  add(data_, &Request::data, false);
  add(exist_, &Request::exist, false);
  add(child_, &Request::child, false);
  add(persistent_, &Request::persistent, true);
  add(recursive_, &Request::persistent_recursive, true);
  return all;
}

}  // namespace muster::client
