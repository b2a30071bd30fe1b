// The znodes: a slab of records found by path. Each record knows its parent and its own name; a whole path is
// put together when somebody asks. Every change keeps the digest.
#pragma once

#include <muster/acl.h>
#include <muster/ids.h>
#include <muster/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/tree/acl_table.h"
#include "server/tree/changes.h"
#include "server/tree/children.h"
#include "server/tree/digest.h"
#include "server/tree/hash_index.h"
#include "server/tree/node_block.h"

namespace muster::tree {

inline constexpr NodeId no_node = HashIndex::none;
inline constexpr NodeId root_node = 0;

enum class NodeKind : std::uint8_t { persistent, ephemeral, container };

// What few znodes have: ephemerals, those that have or had children, those whose ACL was changed.
struct Rare {
  Zxid pzxid;
  SessionId owner;  // 0 unless ephemeral
  Children children;
  std::int32_t creates =
      0;  // children ever created; ZooKeeper's stored cversion and the next sequential name's number
  std::int32_t aversion = 0;
};

// One line of the processor's cache, and a block: most of what a server takes is of these.
struct alignas(64) Znode {
  NodeBlock block;             // the path's last component ("" for the root), and the data
  std::unique_ptr<Rare> rare;  // null: no owner, no child ever, pzxid is czxid
  Zxid czxid, mzxid;
  std::int64_t ctime = 0, mtime = 0;
  NodeId parent = no_node;
  AclRef acl = 0;
  std::int32_t version = 0;
  Mark mark;
  NodeKind kind = NodeKind::persistent;

  Znode() = default;
  Znode(const Znode& other);
  Znode& operator=(const Znode& other) { return *this = Znode(other); }
  Znode(Znode&&) noexcept = default;
  Znode& operator=(Znode&&) noexcept = default;
  ~Znode() = default;

  [[nodiscard]] Zxid pzxid() const { return rare ? rare->pzxid : czxid; }
  [[nodiscard]] SessionId owner() const { return rare ? rare->owner : SessionId{}; }
  [[nodiscard]] std::int32_t creates() const { return rare ? rare->creates : 0; }
  [[nodiscard]] std::int32_t aversion() const { return rare ? rare->aversion : 0; }
  [[nodiscard]] std::size_t child_count() const { return rare ? rare->children.size() : 0; }
  template <class Visit>
  void for_each_child(const Visit& visit) const {
    if (rare) rare->children.for_each(visit);
  }
  // For a change. czxid must be set before.
  [[nodiscard]] Rare& with_rare();
};
static_assert(sizeof(Znode) == 64);

[[nodiscard]] Stat stat_of(const Znode& node);

// A path with its hash, which the index and the digest use: who needs a node more than once hashes its path once.
class PathKey {
 public:
  PathKey(std::string_view path)
      : path_(path), hash_(path == "/" ? 0 : hash_bytes(path)) {}  // NOLINT(google-explicit-constructor)
  PathKey(const std::string& path)
      : PathKey(std::string_view(path)) {}                        // NOLINT(google-explicit-constructor)
  PathKey(const char* path) : PathKey(std::string_view(path)) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] std::string_view path() const { return path_; }
  // The root is no key of the index; in the digest it counts as 0.
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  std::string_view path_;
  std::uint64_t hash_;
};

class Nodes {
 public:
  // The nodes that every tree has: /, /zookeeper, /zookeeper/quota, /zookeeper/config.
  Nodes();

  // The node of exactly that path, or no_node; malformed paths are not found.
  [[nodiscard]] NodeId find(const PathKey& key) const;
  // References last until the next add().
  [[nodiscard]] const Znode& at(NodeId id) const { return slab_[id / slab_size][id % slab_size]; }
  [[nodiscard]] std::string path_of(NodeId id) const;
  [[nodiscard]] const SharedAcl& acl_of(NodeId id) const { return acls_.at(at(id).acl); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t descendants(NodeId id) const;
  [[nodiscard]] std::size_t ephemerals() const { return ephemerals_; }
  // Of all paths and data.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  // A node in hand to be changed: taken out of the digest and the count of bytes, and put back when the hand
  // opens.
  class Edit {
   public:
    Edit(Nodes& nodes, NodeId id, std::uint64_t path_hash) : nodes_(nodes), id_(id), path_hash_(path_hash) {
      nodes_.before_change(id_);
      nodes_.digest_ -= nodes_.contribution(id_, path_hash_);
      nodes_.bytes_ -= nodes_.at(id_).block.data().size();
    }
    ~Edit() {
      nodes_.digest_ += nodes_.contribution(id_, path_hash_);
      nodes_.bytes_ += nodes_.at(id_).block.data().size();
    }
    Edit(const Edit&) = delete;
    Edit& operator=(const Edit&) = delete;
    [[nodiscard]] NodeId id() const { return id_; }
    Znode* operator->() const { return &nodes_.node(id_); }

   private:
    Nodes& nodes_;
    NodeId id_;
    std::uint64_t path_hash_;
  };
  // Change no name, parent or list of children through it. `path` is that of the node.
  [[nodiscard]] Edit edit(NodeId id, const PathKey& path) { return {*this, id, path.hash()}; }
  [[nodiscard]] Edit edit(NodeId id) { return edit(id, path_of(id)); }
  void set_acl(const Edit& node, const std::vector<Acl>& acl);

  // A new node below `parent`; `node` brings everything but block, parent and ACL. Requires a valid path
  // that is free, and that `parent` is its parent.
  NodeId add(const Edit& parent, const PathKey& path, std::optional<std::string_view> data, Znode node,
             const std::vector<Acl>& acl);
  // Takes a childless node out of sight without forgetting it, and puts it back.
  void detach(const Edit& parent, NodeId id, const PathKey& path);
  void attach(const Edit& parent, NodeId id, const PathKey& path);
  // Forgets a detached node.
  void release(NodeId id);

  // A checkpoint's part (checkpoint_source.h). False: there is more.
  void begin_collection();
  [[nodiscard]] bool collect(Slice& slice);
  [[nodiscard]] Changes& changes() { return changes_; }
  [[nodiscard]] const Changes& changes() const { return changes_; }

  // Sum of a hash for each node, over its path, data, Stat, kind and ACL.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] std::uint64_t recompute_digest() const;

 private:
  friend class Restoring;
  static constexpr std::size_t slab_size = 256;

  [[nodiscard]] Znode& node(NodeId id) { return slab_[id / slab_size][id % slab_size]; }
  [[nodiscard]] NodeId new_id();
  void link(NodeId id);  // below its parent; without index and digest
  void before_change(NodeId id);
  [[nodiscard]] bool is_free(NodeId id) const { return id != root_node && at(id).parent == no_node; }
  [[nodiscard]] bool has_path(NodeId id, std::string_view path) const;
  [[nodiscard]] std::uint64_t contribution(NodeId id, std::uint64_t path_hash) const;
  [[nodiscard]] static std::uint64_t contribution(const Znode& node, std::uint64_t path_hash,
                                                  std::uint64_t data_hash, std::uint64_t acl_hash);

  std::vector<std::vector<Znode>> slab_;  // slabs of slab_size; only the last one grows
  std::vector<NodeId> free_;
  HashIndex by_path_;  // all attached nodes but the root
  AclTable acls_;
  std::size_t size_ = 0;  // attached nodes
  std::size_t ephemerals_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t digest_ = 0;
  Changes changes_;
  NodeId next_ = 0, end_ = 0;  // of the slab, to be visited by the collection under way
};

}  // namespace muster::tree
