#include <algorithm>
#include <utility>

#include "server/tree/permissions.h"
#include "server/tree/state.h"
#include "server/tree/tree.h"

namespace muster::tree {
namespace {

struct Found {
  ErrorCode error = ErrorCode::ok;
  NodeId id = no_node;
};

// The node that somebody may look at with one of these permissions.
Found look(const Nodes& nodes, std::string_view path, std::int32_t permission,
           const std::vector<AuthId>& who) {
  const NodeId id = nodes.find(path.empty() ? "/" : path);
  if (id == no_node) return {ErrorCode::no_node, no_node};
  if (!permitted(*nodes.acl_of(id), permission, who)) return {ErrorCode::no_auth, no_node};
  return {ErrorCode::ok, id};
}

std::vector<std::string> names_of_children(const Nodes& nodes, NodeId id) {
  std::vector<std::string> names;
  const Znode& node = nodes.at(id);
  names.reserve(node.child_count());
  node.for_each_child([&](NodeId child) { names.emplace_back(nodes.at(child).block.name()); });
  return names;
}

}  // namespace

wire::Reply Tree::exists(std::string_view path, const std::vector<AuthId>& who) const {
  // Of all reads ZooKeeper looks for NUL in this one only, which may leave a watch on a path that no node has.
  if (path.find('\0') != std::string_view::npos) return {ErrorCode::bad_arguments, {}};
  const Found found = look(state_->nodes, path, perm::read, who);
  if (found.error != ErrorCode::ok) return {found.error, {}};
  return {ErrorCode::ok, wire::StatReply{stat_of(state_->nodes.at(found.id))}};
}

wire::Reply Tree::get_data(std::string_view path, const std::vector<AuthId>& who) const {
  const Found found = look(state_->nodes, path, perm::read, who);
  if (found.error != ErrorCode::ok) return {found.error, {}};
  const Znode& node = state_->nodes.at(found.id);
  return {ErrorCode::ok, wire::GetDataReply{node.block.value(), stat_of(node)}};
}

wire::Reply Tree::get_acl(std::string_view path, const std::vector<AuthId>& who) const {
  const Found found = look(state_->nodes, path, perm::read | perm::admin, who);
  if (found.error != ErrorCode::ok) return {found.error, {}};
  const std::vector<Acl>& acl = *state_->nodes.acl_of(found.id);
  const bool admin = permitted(acl, perm::admin, who);
  return {ErrorCode::ok, wire::GetAclReply{admin ? acl : masked(acl), stat_of(state_->nodes.at(found.id))}};
}

wire::Reply Tree::get_children(std::string_view path, bool with_stat, const std::vector<AuthId>& who) const {
  const Found found = look(state_->nodes, path, perm::read, who);
  if (found.error != ErrorCode::ok) return {found.error, {}};
  std::vector<std::string> names = names_of_children(state_->nodes, found.id);
  if (!with_stat) return {ErrorCode::ok, wire::ChildrenReply{std::move(names)}};
  return {ErrorCode::ok, wire::Children2Reply{std::move(names), stat_of(state_->nodes.at(found.id))}};
}

wire::Reply Tree::get_all_children_number(std::string_view path, const std::vector<AuthId>& who) const {
  const Found found = look(state_->nodes, path, perm::read, who);
  if (found.error != ErrorCode::ok) return {found.error, {}};
  return {ErrorCode::ok, wire::CountReply{static_cast<std::int32_t>(state_->nodes.descendants(found.id))}};
}

wire::Reply Tree::get_ephemerals(SessionId session, std::string_view prefix) const {
  std::vector<std::string> paths = ephemerals(session);
  const auto is_other = [&](const std::string& path) { return path.compare(0, prefix.size(), prefix) != 0; };
  paths.erase(std::remove_if(paths.begin(), paths.end(), is_other), paths.end());
  return {ErrorCode::ok, wire::EphemeralsReply{std::move(paths)}};
}

std::optional<Stat> Tree::stat(std::string_view path) const {
  const NodeId id = state_->nodes.find(path.empty() ? "/" : path);
  if (id == no_node) return std::nullopt;
  return stat_of(state_->nodes.at(id));
}

std::optional<NodeData> Tree::data(std::string_view path) const {
  const NodeId id = state_->nodes.find(path);
  if (id == no_node) return std::nullopt;
  const Znode& node = state_->nodes.at(id);
  return NodeData{node.block.value(), stat_of(node), node.kind == NodeKind::container};
}

std::vector<std::string> Tree::children(std::string_view path) const {
  const NodeId id = state_->nodes.find(path);
  if (id == no_node) return {};
  return names_of_children(state_->nodes, id);
}

std::vector<std::string> Tree::ephemerals(SessionId session) const {
  std::vector<std::string> paths;
  const SessionRecord* record = state_->sessions.find(session);
  if (record == nullptr) return paths;
  for (const NodeId id : record->ephemerals) paths.push_back(state_->nodes.path_of(id));
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::optional<Session> Tree::session(SessionId id) const {
  const SessionRecord* record = state_->sessions.find(id);
  if (record == nullptr) return std::nullopt;
  return record->session;
}

std::vector<Session> Tree::sessions() const {
  std::vector<Session> sessions;
  sessions.reserve(state_->sessions.all().size());
  for (const auto& [id, record] : state_->sessions.all()) sessions.push_back(record.session);
  return sessions;
}

std::size_t Tree::node_count() const { return state_->nodes.size(); }
std::size_t Tree::ephemeral_count() const { return state_->nodes.ephemerals(); }
std::uint64_t Tree::bytes() const { return state_->nodes.bytes(); }

}  // namespace muster::tree
