#include "server/tree/nodes.h"

#include <muster/path.h>

#include <utility>

#include "common/check.h"
#include "common/mutant.h"
#include "server/tree/digest.h"
#include "server/tree/record_codec.h"

namespace muster::tree {

Znode::Znode(const Znode& other)
    : name(other.name),
      data(other.data),
      path_hash(other.path_hash),
      czxid(other.czxid),
      mzxid(other.mzxid),
      pzxid(other.pzxid),
      ctime(other.ctime),
      mtime(other.mtime),
      owner(other.owner),
      children(other.children ? std::make_unique<Children>(*other.children) : nullptr),
      parent(other.parent),
      acl(other.acl),
      version(other.version),
      creates(other.creates),
      aversion(other.aversion),
      kind(other.kind),
      mark(other.mark) {}

Stat stat_of(const Znode& node) {
  const auto count = static_cast<std::uint32_t>(node.child_count());
  Stat stat;
  stat.czxid = node.czxid;
  stat.mzxid = node.mzxid;
  stat.ctime = node.ctime;
  stat.mtime = node.mtime;
  stat.version = node.version;
  // Each create and each delete of a child shows as one more, though only creates are counted.
  stat.cversion = static_cast<std::int32_t>(2 * static_cast<std::uint32_t>(node.creates) - count);
  stat.aversion = node.aversion;
  stat.ephemeral_owner = node.owner;
  stat.data_length = static_cast<std::int32_t>(node.data.view().size());
  stat.num_children = static_cast<std::int32_t>(count);
  stat.pzxid = node.pzxid;
  return stat;
}

Nodes::Nodes() {
  const std::vector<Acl> read_only{{perm::read, {"world", "anyone"}}};
  Znode empty;
  empty.data = NodeBytes(std::optional<std::string>(""));

  CHECK(new_id() == root_node, "the root is the first node");
  Znode root = empty;
  root.acl = acls_.acquire(open_acl());
  root.mark = changes_.fresh();
  node(root_node) = std::move(root);
  digest_ += contribution(root_node);
  size_ = 1;
  bytes_ = 1;

  // Nobody counted these as creates: ZooKeeper shows cversion -1 for / and -2 for /zookeeper.
  const NodeId zookeeper = add(root_node, "/zookeeper", empty, open_acl());
  add(zookeeper, "/zookeeper/quota", empty, open_acl());
  Znode config = empty;
  config.aversion = -1;
  add(zookeeper, "/zookeeper/config", std::move(config), read_only);
}

NodeId Nodes::find(std::string_view path) const {
  if (path == "/") return root_node;
  return by_path_.find(hash_bytes(path), [&](NodeId id) { return has_path(id, path); });
}

bool Nodes::has_path(NodeId id, std::string_view path) const {
  for (; id != root_node; id = at(id).parent) {
    const std::string& name = at(id).name;
    if (path.size() <= name.size()) return false;
    const std::size_t slash = path.size() - name.size() - 1;
    if (path[slash] != '/' || path.substr(slash + 1) != name) return false;
    path = path.substr(0, slash);
  }
  return path.empty();
}

std::size_t Nodes::path_size(NodeId id) const {
  std::size_t size = 0;
  for (; id != root_node; id = at(id).parent) size += at(id).name.size() + 1;
  return size;
}

std::string Nodes::path_of(NodeId id) const {
  if (id == root_node) return "/";
  std::size_t size = path_size(id);
  std::string path(size, '/');
  for (NodeId up = id; up != root_node; up = at(up).parent) {
    const std::string& name = at(up).name;
    size -= name.size();
    path.replace(size, name.size(), name);
    --size;
  }
  return path;
}

std::size_t Nodes::descendants(NodeId id) const {
  if (id == root_node) return size_ - 1;
  std::size_t count = 0;
  std::vector<NodeId> open{id};
  while (!open.empty()) {
    const Znode& next = at(open.back());
    open.pop_back();
    count += next.child_count();
    if (next.children) next.children->for_each([&](NodeId child) { open.push_back(child); });
  }
  return count;
}

void Nodes::set_acl(NodeId id, const std::vector<Acl>& acl) {
  const AclRef ref = acls_.acquire(acl);
  const AclRef old = at(id).acl;
  edit(id)->acl = ref;
  acls_.release(old);
}

NodeId Nodes::add(NodeId parent, std::string_view path, Znode node_to_add, const std::vector<Acl>& acl) {
  const NodeId id = new_id();
  node_to_add.mark = changes_.fresh();
  fill(id, parent, path, std::move(node_to_add), acls_.acquire(acl));
  attach(id);
  return id;
}

void Nodes::fill(NodeId id, NodeId parent, std::string_view path, Znode from, AclRef acl) {
  from.name = name_of(path);
  from.path_hash = hash_bytes(path);
  from.parent = parent;
  from.acl = acl;
  node(id) = std::move(from);
}

void Nodes::link(NodeId id) {
  Znode& parent = node(at(id).parent);
  if (!parent.children) parent.children = std::make_unique<Children>();
  parent.children->insert(*this, id);
  by_path_.insert(at(id).path_hash, id);
  ++size_;
}

void Nodes::attach(NodeId id) {
  const Edit parent = edit(at(id).parent);
  link(id);
  digest_ += contribution(id);
  bytes_ += path_size(id) + at(id).data.view().size();
  if (at(id).kind == NodeKind::ephemeral) ++ephemerals_;
}

void Nodes::detach(NodeId id) {
  CHECK(id != root_node && at(id).child_count() == 0, "only a leaf is taken out");
  before_change(id);
  const Edit parent = edit(at(id).parent);
  parent->children->erase(*this, id);
  if (parent->children->size() == 0) parent->children.reset();
  by_path_.erase(at(id).path_hash, id);
  digest_ -= contribution(id);
  bytes_ -= path_size(id) + at(id).data.view().size();
  if (at(id).kind == NodeKind::ephemeral) --ephemerals_;
  --size_;
}

void Nodes::release(NodeId id) {
  changes_.gone(at(id).mark, key_of_node(path_of(id)));
  acls_.release(at(id).acl);
  node(id) = Znode();
  free_.push_back(id);
}

NodeId Nodes::new_id() {
  if (!free_.empty()) {
    const NodeId id = free_.back();
    free_.pop_back();
    return id;
  }
  if (slab_.empty() || slab_.back().size() == slab_size) slab_.emplace_back().reserve(slab_size);
  slab_.back().emplace_back();
  const std::size_t id = (slab_.size() - 1) * slab_size + slab_.back().size() - 1;
  CHECK(id < no_node, "more znodes than can be numbered");
  return static_cast<NodeId>(id);
}

std::uint64_t Nodes::contribution(NodeId id) const {
  const Znode& node = at(id);
  return contribution(node, node.path_hash, node.data.hash(), acls_.hash(node.acl));
}

std::uint64_t Nodes::contribution(const Znode& node, std::uint64_t path_hash, std::uint64_t data_hash,
                                  std::uint64_t acl_hash) {
  const auto small = (static_cast<std::uint64_t>(node.kind) << 1U) | (node.data.is_null() ? 1U : 0U);
  return FieldHash()
      .add(path_hash)
      .add(data_hash)
      .add(acl_hash)
      .add(node.czxid.value)
      .add(node.mzxid.value)
      .add(node.pzxid.value)
      .add(node.ctime)
      .add(node.mtime)
      .add(node.owner.value)
      .add(node.version)
      .add(node.creates)
      .add(node.aversion)
      .add(static_cast<std::uint64_t>(node.child_count()))
      .add(small)
      .value();
}

void Nodes::before_change(NodeId id) {
  Znode& changing = node(id);
  if (changes_.wants(changing.mark, id < next_ || id >= end_) && !mutant(Mutant::checkpoint_without_copies))
    changes_.keep(changing.mark, record_of(path_of(id), changing, *acl_of(id)));
  changes_.touch(changing.mark);
}

void Nodes::begin_collection() {
  changes_.begin();
  next_ = 0;
  end_ = static_cast<NodeId>((slab_.size() - 1) * slab_size + slab_.back().size());
}

bool Nodes::collect(Slice& slice) {
  changes_.hand_out(slice);
  for (; next_ < end_ && !slice.full(); ++next_) {
    ++slice.visited;
    Znode& visited = node(next_);
    if (!is_free(next_) && changes_.wants(visited.mark, false))
      Changes::take(visited.mark, slice, record_of(path_of(next_), visited, *acl_of(next_)));
  }
  return next_ == end_ && !changes_.holds_something();
}

NodeId Nodes::find_parent(std::string_view path) {
  const std::string_view parent_path = parent_of(path);
  if (last_parent_ == no_node || parent_path != last_parent_path_) {
    last_parent_ = find(parent_path);
    last_parent_path_ = parent_path;
  }
  return last_parent_;
}

NodeId Nodes::restore(std::string_view path, Znode restored, const std::vector<Acl>& acl) {
  restored.mark = {0, true};
  const AclRef ref = acls_.acquire(acl);
  const std::size_t data_bytes = restored.data.view().size();
  if (path == "/" || path.starts_with("/zookeeper")) {
    if (const NodeId builtin = find(path); builtin != no_node) {
      Znode& there = node(builtin);
      acls_.release(there.acl);
      bytes_ += data_bytes - there.data.view().size();
      restored.children = std::move(there.children);
      fill(builtin, there.parent, path, std::move(restored), ref);
      if (builtin == root_node) there.path_hash = 0;  // as it is from the start: no key of the index
      return builtin;
    }
  }
  const NodeId parent = find_parent(path);
  if (parent == no_node) {
    acls_.release(ref);
    return no_node;
  }
  bytes_ += path.size() + data_bytes;
  if (restored.kind == NodeKind::ephemeral) ++ephemerals_;
  const NodeId id = new_id();
  fill(id, parent, path, std::move(restored), ref);
  link(id);
  return id;
}

void Nodes::end_restoring() {
  digest_ = 0;
  for (NodeId id = 0; id < (slab_.size() - 1) * slab_size + slab_.back().size(); ++id)
    digest_ += contribution(id);
}

std::uint64_t Nodes::recompute_digest() const {
  std::uint64_t sum = 0;
  std::vector<NodeId> open{root_node};
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    const Znode& node = at(id);
    // The root's path is no key of the index; its stored hash is the initial 0.
    const std::uint64_t path_hash = id == root_node ? 0 : hash_bytes(path_of(id));
    const std::uint64_t data_hash = node.data.is_null() ? 0 : hash_bytes(node.data.view());
    sum += contribution(node, path_hash, data_hash, hash_of(*acls_.at(node.acl)));
    if (node.children) node.children->for_each([&](NodeId child) { open.push_back(child); });
  }
  return sum;
}

}  // namespace muster::tree
