#include "server/tree/nodes.h"

#include <muster/path.h>

#include <utility>

#include "common/check.h"
#include "common/mutant.h"
#include "server/tree/digest.h"
#include "server/tree/record_codec.h"

namespace muster::tree {

Znode::Znode(const Znode& other)
    : block(other.block),
      rare(other.rare ? std::make_unique<Rare>(*other.rare) : nullptr),
      czxid(other.czxid),
      mzxid(other.mzxid),
      ctime(other.ctime),
      mtime(other.mtime),
      parent(other.parent),
      acl(other.acl),
      version(other.version),
      mark(other.mark),
      kind(other.kind) {}

Rare& Znode::with_rare() {
  if (!rare) {
    rare = std::make_unique<Rare>();
    rare->pzxid = czxid;
  }
  return *rare;
}

Stat stat_of(const Znode& node) {
  const auto count = static_cast<std::uint32_t>(node.child_count());
  Stat stat;
  stat.czxid = node.czxid;
  stat.mzxid = node.mzxid;
  stat.ctime = node.ctime;
  stat.mtime = node.mtime;
  stat.version = node.version;
  // Each create and each delete of a child shows as one more, though only creates are counted.
  stat.cversion = static_cast<std::int32_t>(2 * static_cast<std::uint32_t>(node.creates()) - count);
  stat.aversion = node.aversion();
  stat.ephemeral_owner = node.owner();
  stat.data_length = static_cast<std::int32_t>(node.block.data().size());
  stat.num_children = static_cast<std::int32_t>(count);
  stat.pzxid = node.pzxid();
  return stat;
}

Nodes::Nodes() {
  const std::vector<Acl> read_only{{perm::read, {"world", "anyone"}}};
  CHECK(new_id() == root_node, "the root is the first node");
  Znode& root = node(root_node);
  root.block = NodeBlock("", "");
  root.acl = acls_.acquire(open_acl());
  root.mark = changes_.fresh();
  digest_ += contribution(root_node, PathKey("/").hash());
  size_ = 1;
  bytes_ = 1;

  // Nobody counted these as creates: ZooKeeper shows cversion -1 for / and -2 for /zookeeper.
  const NodeId zookeeper = add(edit(root_node), "/zookeeper", "", {}, open_acl());
  add(edit(zookeeper), "/zookeeper/quota", "", {}, open_acl());
  Znode config;
  config.with_rare().aversion = -1;
  add(edit(zookeeper), "/zookeeper/config", "", std::move(config), read_only);
}

NodeId Nodes::find(const PathKey& key) const {
  if (key.path() == "/") return root_node;
  return by_path_.find(key.hash(), [&](NodeId id) { return has_path(id, key.path()); });
}

bool Nodes::has_path(NodeId id, std::string_view path) const {
  for (; id != root_node; id = at(id).parent) {
    const std::string_view name = at(id).block.name();
    if (path.size() <= name.size()) return false;
    const std::size_t slash = path.size() - name.size() - 1;
    if (path[slash] != '/' || path.substr(slash + 1) != name) return false;
    path = path.substr(0, slash);
  }
  return path.empty();
}

std::string Nodes::path_of(NodeId id) const {
  if (id == root_node) return "/";
  std::size_t size = 0;
  for (NodeId up = id; up != root_node; up = at(up).parent) size += at(up).block.name().size() + 1;
  std::string path(size, '/');
  for (NodeId up = id; up != root_node; up = at(up).parent) {
    const std::string_view name = at(up).block.name();
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
    next.for_each_child([&](NodeId child) { open.push_back(child); });
  }
  return count;
}

void Nodes::set_acl(const Edit& node, const std::vector<Acl>& acl) {
  const AclRef old = node->acl;
  node->acl = acls_.acquire(acl);
  acls_.release(old);
}

NodeId Nodes::add(const Edit& parent, const PathKey& path, std::optional<std::string_view> data,
                  Znode node_to_add, const std::vector<Acl>& acl) {
  node_to_add.block = NodeBlock(name_of(path.path()), data);
  node_to_add.parent = parent.id();
  node_to_add.acl = acls_.acquire(acl);
  node_to_add.mark = changes_.fresh();
  const NodeId id = new_id();
  node(id) = std::move(node_to_add);
  attach(parent, id, path);
  return id;
}

void Nodes::link(NodeId id) {
  node(at(id).parent).with_rare().children.insert(*this, id);
  ++size_;
  if (at(id).kind == NodeKind::ephemeral) ++ephemerals_;
}

void Nodes::attach(const Edit& parent, NodeId id, const PathKey& path) {
  CHECK(at(id).parent == parent.id(), "a node is put back below its parent");
  link(id);
  by_path_.insert(path.hash(), id);
  digest_ += contribution(id, path.hash());
  bytes_ += path.path().size() + at(id).block.data().size();
}

void Nodes::detach(const Edit& parent, NodeId id, const PathKey& path) {
  CHECK(id != root_node && at(id).child_count() == 0, "only a leaf is taken out");
  before_change(id);
  parent->rare->children.erase(*this, id);
  by_path_.erase(path.hash(), id);
  digest_ -= contribution(id, path.hash());
  bytes_ -= path.path().size() + at(id).block.data().size();
  if (at(id).kind == NodeKind::ephemeral) --ephemerals_;
  --size_;
}

void Nodes::release(NodeId id) {
  if (at(id).mark.stored) changes_.gone(key_of_node(path_of(id)));
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

std::uint64_t Nodes::contribution(NodeId id, std::uint64_t path_hash) const {
  const Znode& node = at(id);
  return contribution(node, path_hash, node.block.data_hash(), acls_.hash(node.acl));
}

std::uint64_t Nodes::contribution(const Znode& node, std::uint64_t path_hash, std::uint64_t data_hash,
                                  std::uint64_t acl_hash) {
  const auto small = (static_cast<std::uint64_t>(node.kind) << 1U) | (node.block.is_null() ? 1U : 0U);
  return FieldHash()
      .add(path_hash)
      .add(data_hash)
      .add(acl_hash)
      .add(node.czxid.value)
      .add(node.mzxid.value)
      .add(node.pzxid().value)
      .add(node.ctime)
      .add(node.mtime)
      .add(node.owner().value)
      .add(node.version)
      .add(node.creates())
      .add(node.aversion())
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

std::uint64_t Nodes::recompute_digest() const {
  std::uint64_t sum = 0;
  std::vector<NodeId> open{root_node};
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    const Znode& node = at(id);
    const std::uint64_t data_hash = node.block.is_null() ? 0 : hash_bytes(node.block.data());
    sum += contribution(node, PathKey(path_of(id)).hash(), data_hash, hash_of(*acls_.at(node.acl)));
    node.for_each_child([&](NodeId child) { open.push_back(child); });
  }
  return sum;
}

}  // namespace muster::tree
