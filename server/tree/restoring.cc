#include "server/tree/restoring.h"

#include <muster/path.h>

#include <utility>

namespace muster::tree {

NodeId Restoring::add(Nodes& nodes, std::string_view path, std::optional<std::string_view> data, Znode node,
                      const std::vector<Acl>& acl) {
  const bool maybe_builtin = path == "/" || path.starts_with("/zookeeper");
  const NodeId there = maybe_builtin ? nodes.find(path) : no_node;
  if (there == no_node && !hold_parent(nodes, parent_of(path))) return no_node;
  node.mark = {0, true};
  node.block = NodeBlock(name_of(path), data);
  node.acl = nodes.acls_.acquire(acl);
  nodes.bytes_ += node.block.data().size();
  if (there != no_node) {
    replace(nodes, there, path, std::move(node));
    return there;
  }
  node.parent = parent_;
  const std::uint64_t path_hash = PathKey(path).hash();
  const NodeId id = nodes.new_id();
  nodes.node(id) = std::move(node);
  nodes.link(id);
  to_index(nodes, path_hash, id);
  nodes.digest_ += nodes.contribution(id, path_hash);
  nodes.bytes_ += path.size();
  return id;
}

void Restoring::to_index(Nodes& nodes, std::uint64_t path_hash, NodeId id) {
  Waiting& place = waiting_[added_++ % waiting_.size()];
  if (place.id != no_node) nodes.by_path_.insert(place.path_hash, place.id);
  place = {path_hash, id};
  nodes.by_path_.prefetch(path_hash);
}

void Restoring::index_all(Nodes& nodes) {
  for (Waiting& place : waiting_) {
    if (place.id != no_node) nodes.by_path_.insert(place.path_hash, place.id);
    place.id = no_node;
  }
}

void Restoring::replace(Nodes& nodes, NodeId id, std::string_view path, Znode node) {
  const std::uint64_t path_hash = PathKey(path).hash();
  Znode& there = nodes.node(id);
  nodes.digest_ -= nodes.contribution(id, path_hash);
  nodes.bytes_ -= there.block.data().size();
  nodes.acls_.release(there.acl);
  node.parent = there.parent;
  if (there.child_count() > 0) node.with_rare().children = std::move(there.rare->children);
  there = std::move(node);
  nodes.digest_ += nodes.contribution(id, path_hash);
}

bool Restoring::hold_parent(Nodes& nodes, std::string_view path) {
  if (parent_ != no_node && path == parent_path_) return true;
  release_parent(nodes);
  index_all(nodes);
  parent_ = nodes.find(path);
  if (parent_ == no_node) return false;
  parent_path_ = path;
  parent_hash_ = PathKey(path).hash();
  nodes.digest_ -= nodes.contribution(parent_, parent_hash_);
  return true;
}

void Restoring::finish(Nodes& nodes) {
  release_parent(nodes);
  index_all(nodes);
}

void Restoring::release_parent(Nodes& nodes) {
  if (parent_ == no_node) return;
  nodes.digest_ += nodes.contribution(parent_, parent_hash_);
  parent_ = no_node;
}

}  // namespace muster::tree
