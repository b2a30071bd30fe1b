#include "server/tree/ops.h"

#include <muster/path.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "common/mutant.h"
#include "server/tree/permissions.h"

namespace muster::tree {
namespace {

namespace flag = wire::create_flags;

wire::Reply refuse(ErrorCode error) { return {error, {}}; }
// The paths of nodes are valid: only who finds none must be told why.
wire::Reply refuse_missing(std::string_view path) {
  return refuse(is_valid_path(path) ? ErrorCode::no_node : ErrorCode::bad_arguments);
}
wire::Reply accept(wire::ReplyBody body = {}) { return {ErrorCode::ok, std::move(body)}; }

bool allowed(const Scene& scene, NodeId node, std::int32_t permission) {
  return permitted(*scene.nodes.acl_of(node), permission, scene.who);
}

// Wraps, as ZooKeeper's 32-bit counters do.
std::int32_t next(std::int32_t version) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(version) + 1U);
}

bool is_version(std::int32_t wanted, std::int32_t actual) {
  return wanted == any_version || wanted == actual;
}

bool is_reserved(std::string_view path) {
  return path == "/" || path == "/zookeeper" || path == "/zookeeper/quota" || path == "/zookeeper/config";
}

// All before the last slash, without looking at the rest; the root if that is nothing. Nothing for what
// cannot name a node at all.
std::optional<std::string_view> parent_in(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || path.find('\0') != std::string_view::npos) return std::nullopt;
  return slash == 0 ? "/" : path.substr(0, slash);
}

ErrorCode check_flags(const wire::CreateRequest& request) {
  if (request.flags < flag::persistent || request.flags > flag::ttl_sequential)
    return ErrorCode::bad_arguments;
  // Nodes with a time to live are disabled, as in a ZooKeeper without extendedTypesEnabled.
  if (request.flags >= flag::ttl) return ErrorCode::unimplemented;
  return request.type == wire::OpCode::create_ttl ? ErrorCode::bad_arguments : ErrorCode::ok;
}

NodeKind kind_of(const wire::CreateRequest& request, bool in_multi) {
  // ZooKeeper takes the container flag of a plain create for what it says only inside a multi.
  if (request.type == wire::OpCode::create_container || (in_multi && request.flags == flag::container)) {
    return NodeKind::container;
  }
  const bool ephemeral = request.flags == flag::ephemeral || request.flags == flag::ephemeral_sequential;
  return ephemeral ? NodeKind::ephemeral : NodeKind::persistent;
}

// The number that the parent gives next, as ten digits.
std::string sequence_suffix(const Znode& parent) {
  const std::string digits =
      std::to_string(mutant(Mutant::sequence_from_children) ? static_cast<std::int32_t>(parent.child_count())
                                                            : parent.creates());
  return std::string(10 - std::min<std::size_t>(10, digits.size()), '0') + digits;
}

Undo undo_of_link(const Scene& scene, Undo::Step step, NodeId node, NodeId parent) {
  Undo undo;
  undo.step = step;
  undo.node = node;
  undo.parent_pzxid = scene.nodes.at(parent).pzxid();
  undo.parent_creates = scene.nodes.at(parent).creates();
  return undo;
}

void report(Scene& scene, ChangeKind kind, std::string path, NodeId node) {
  scene.changes.push_back({kind, std::move(path), scene.nodes.acl_of(node)});
}

NodeId put_in(Scene& scene, NodeId parent, const PathKey& parent_key, const PathKey& key,
              const wire::CreateRequest& request, const std::vector<Acl>& acl) {
  Znode node;
  node.czxid = node.mzxid = scene.stamp.zxid;
  node.ctime = node.mtime = scene.stamp.time_ms;
  node.kind = kind_of(request, scene.undo != nullptr);
  const bool ephemeral = node.kind == NodeKind::ephemeral;
  if (ephemeral) node.with_rare().owner = scene.session;
  Undo undo = undo_of_link(scene, Undo::Step::created, no_node, parent);
  NodeId id = no_node;
  {
    const Nodes::Edit above = scene.nodes.edit(parent, parent_key);
    id = scene.nodes.add(above, key, request.data, std::move(node), acl);
    Rare& of_parent = above->with_rare();
    of_parent.pzxid = scene.stamp.zxid;
    // ZooKeeper only ever raises the counter: at its end it stays, and sequential creates find their name
    // taken.
    of_parent.creates = std::max(of_parent.creates, next(of_parent.creates));
  }
  if (ephemeral) scene.sessions.add_ephemeral(scene.session, id);
  if (scene.undo != nullptr) scene.undo->emplace_back(std::move(undo)).node = id;
  report(scene, ChangeKind::created, std::string(key.path()), id);
  report(scene, ChangeKind::children, std::string(parent_key.path()), parent);
  return id;
}

void take_out(Scene& scene, NodeId id, const std::string& path) {
  const NodeId parent = scene.nodes.at(id).parent;
  report(scene, ChangeKind::deleted, path, id);
  report(scene, ChangeKind::children, std::string(parent_of(path)), parent);
  if (scene.undo != nullptr) {
    scene.undo->push_back(undo_of_link(scene, Undo::Step::deleted, id, parent));
  }
  if (scene.nodes.at(id).kind == NodeKind::ephemeral)
    scene.sessions.drop_ephemeral(scene.nodes.at(id).owner(), id);
  {
    const Nodes::Edit above = scene.nodes.edit(parent, parent_of(path));
    scene.nodes.detach(above, id, path);
    above->with_rare().pzxid = scene.stamp.zxid;
  }
  if (scene.undo == nullptr) scene.nodes.release(id);  // a multi may still have to put it back
}

}  // namespace

wire::Reply run(Scene& scene, const wire::CreateRequest& request) {
  if (const ErrorCode error = check_flags(request); error != ErrorCode::ok) return refuse(error);
  const auto parent_path = parent_in(request.path);
  if (!parent_path) return refuse(ErrorCode::bad_arguments);
  const auto acl = resolve_acl(request.acl, scene.who);
  if (!acl) return refuse(ErrorCode::invalid_acl);
  const PathKey parent_key(*parent_path);
  const NodeId parent = scene.nodes.find(parent_key);
  if (parent == no_node) return refuse(ErrorCode::no_node);
  if (!allowed(scene, parent, perm::create)) return refuse(ErrorCode::no_auth);
  std::string path = request.path;
  if (request.flags == flag::sequential || request.flags == flag::ephemeral_sequential) {
    path += sequence_suffix(scene.nodes.at(parent));
  }
  if (!is_valid_path(path)) return refuse(ErrorCode::bad_arguments);
  const PathKey key(path);
  if (scene.nodes.find(key) != no_node) return refuse(ErrorCode::node_exists);
  if (scene.nodes.at(parent).kind == NodeKind::ephemeral)
    return refuse(ErrorCode::no_children_for_ephemerals);

  const NodeId id = put_in(scene, parent, parent_key, key, request, *acl);
  if (request.type == wire::OpCode::create) return accept(wire::CreateReply{std::move(path)});
  return accept(wire::Create2Reply{std::move(path), stat_of(scene.nodes.at(id))});
}

wire::Reply run(Scene& scene, const wire::DeleteRequest& request) {
  const auto parent_path = parent_in(request.path);
  if (!parent_path || is_reserved(request.path)) return refuse(ErrorCode::bad_arguments);
  const NodeId parent = scene.nodes.find(*parent_path);
  if (parent == no_node) return refuse(ErrorCode::no_node);
  if (!allowed(scene, parent, perm::remove)) return refuse(ErrorCode::no_auth);
  const NodeId id = scene.nodes.find(request.path);
  if (id == no_node) return refuse(ErrorCode::no_node);
  if (!is_version(request.version, scene.nodes.at(id).version)) return refuse(ErrorCode::bad_version);
  if (scene.nodes.at(id).child_count() > 0) return refuse(ErrorCode::not_empty);

  take_out(scene, id, request.path);
  return accept();
}

wire::Reply run(Scene& scene, const wire::SetDataRequest& request) {
  const PathKey key(request.path);
  const NodeId id = scene.nodes.find(key);
  if (id == no_node) return refuse_missing(request.path);
  if (!allowed(scene, id, perm::write)) return refuse(ErrorCode::no_auth);
  if (!is_version(request.version, scene.nodes.at(id).version)) return refuse(ErrorCode::bad_version);

  {
    const Nodes::Edit node = scene.nodes.edit(id, key);
    NodeBlock old = std::exchange(node->block, NodeBlock(name_of(request.path), request.data));
    if (scene.undo != nullptr) {
      Undo& undo = scene.undo->emplace_back();
      undo.step = Undo::Step::changed;
      undo.node = id;
      undo.block = std::move(old);
      undo.mzxid = node->mzxid;
      undo.mtime = node->mtime;
      undo.version = node->version;
    }
    node->mzxid = scene.stamp.zxid;
    node->mtime = scene.stamp.time_ms;
    node->version = next(node->version);
  }
  report(scene, ChangeKind::data, request.path, id);
  return accept(wire::StatReply{stat_of(scene.nodes.at(id))});
}

wire::Reply run(Scene& scene, const wire::SetAclRequest& request) {
  if (!is_valid_path(request.path)) return refuse(ErrorCode::bad_arguments);
  const auto acl = resolve_acl(request.acl, scene.who);
  if (!acl) return refuse(ErrorCode::invalid_acl);
  const NodeId id = scene.nodes.find(request.path);
  if (id == no_node) return refuse(ErrorCode::no_node);
  if (!allowed(scene, id, perm::admin)) return refuse(ErrorCode::no_auth);
  if (!is_version(request.version, scene.nodes.at(id).aversion())) return refuse(ErrorCode::bad_version);

  {
    const Nodes::Edit node = scene.nodes.edit(id, request.path);
    scene.nodes.set_acl(node, *acl);
    Rare& rare = node->with_rare();
    rare.aversion = next(rare.aversion);
  }
  return accept(wire::StatReply{stat_of(scene.nodes.at(id))});
}

wire::Reply run(Scene& scene, const wire::CheckVersionRequest& request) {
  const NodeId id = scene.nodes.find(request.path);
  if (id == no_node) return refuse_missing(request.path);
  if (!allowed(scene, id, perm::read)) return refuse(ErrorCode::no_auth);
  if (!is_version(request.version, scene.nodes.at(id).version)) return refuse(ErrorCode::bad_version);
  return accept();
}

void end_session(Scene& scene, SessionId id) {
  std::vector<std::pair<std::string, NodeId>> ephemerals;
  for (const NodeId node : scene.sessions.find(id)->ephemerals)
    ephemerals.emplace_back(scene.nodes.path_of(node), node);
  std::sort(ephemerals.begin(), ephemerals.end());
  if (!ephemerals.empty() && mutant(Mutant::ephemeral_kept_at_close)) ephemerals.pop_back();
  for (const auto& [path, node] : ephemerals) take_out(scene, node, path);
  scene.sessions.close(id);
}

}  // namespace muster::tree
