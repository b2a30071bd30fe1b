// The znodes: a slab of records found by path. Each record knows its parent and its own name; a whole path is
// put together when somebody asks. Every change keeps the digest.
#pragma once

#include <muster/acl.h>
#include <muster/ids.h>
#include <muster/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/tree/acl_table.h"
#include "server/tree/changes.h"
#include "server/tree/children.h"
#include "server/tree/hash_index.h"
#include "server/tree/node_bytes.h"

namespace muster::tree {

inline constexpr NodeId no_node = HashIndex::none;
inline constexpr NodeId root_node = 0;

enum class NodeKind : std::uint8_t { persistent, ephemeral, container };

struct Znode {
  std::string name;  // the path's last component; "" for the root
  NodeBytes data;
  std::uint64_t path_hash = 0;
  Zxid czxid, mzxid, pzxid;
  std::int64_t ctime = 0, mtime = 0;
  SessionId owner;                     // 0 unless ephemeral
  std::unique_ptr<Children> children;  // null: none
  NodeId parent = no_node;
  AclRef acl = 0;
  std::int32_t version = 0;
  std::int32_t creates =
      0;  // children ever created; ZooKeeper's stored cversion and the next sequential name's number
  std::int32_t aversion = 0;
  NodeKind kind = NodeKind::persistent;
  Mark mark;

  Znode() = default;
  Znode(const Znode& other);
  Znode& operator=(const Znode& other) { return *this = Znode(other); }
  Znode(Znode&&) noexcept = default;
  Znode& operator=(Znode&&) noexcept = default;
  ~Znode() = default;

  [[nodiscard]] std::size_t child_count() const { return children ? children->size() : 0; }
};

[[nodiscard]] Stat stat_of(const Znode& node);

class Nodes {
 public:
  // The nodes that every tree has: /, /zookeeper, /zookeeper/quota, /zookeeper/config.
  Nodes();

  // The node of exactly that path, or no_node; malformed paths are not found.
  [[nodiscard]] NodeId find(std::string_view path) const;
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
    Edit(Nodes& nodes, NodeId id) : nodes_(nodes), id_(id) {
      nodes_.before_change(id_);
      nodes_.digest_ -= nodes_.contribution(id_);
      nodes_.bytes_ -= nodes_.at(id_).data.view().size();
    }
    ~Edit() {
      nodes_.digest_ += nodes_.contribution(id_);
      nodes_.bytes_ += nodes_.at(id_).data.view().size();
    }
    Edit(const Edit&) = delete;
    Edit& operator=(const Edit&) = delete;
    Znode* operator->() const { return &nodes_.node(id_); }

   private:
    Nodes& nodes_;
    NodeId id_;
  };
  // Change no name, parent, list of children or ACL through it.
  [[nodiscard]] Edit edit(NodeId id) { return {*this, id}; }
  void set_acl(NodeId id, const std::vector<Acl>& acl);

  // A new node below `parent`; `node` brings everything but name, parent, hash and ACL. Requires a valid path
  // that is free, and that `parent` is its parent.
  NodeId add(NodeId parent, std::string_view path, Znode node, const std::vector<Acl>& acl);
  // Takes a childless node out of sight without forgetting it, and puts it back.
  void detach(NodeId id);
  void attach(NodeId id);
  // Forgets a detached node.
  void release(NodeId id);

  // A checkpoint's part (checkpoint_source.h). False: there is more.
  void begin_collection();
  [[nodiscard]] bool collect(Slice& slice);
  [[nodiscard]] Changes& changes() { return changes_; }
  [[nodiscard]] const Changes& changes() const { return changes_; }

  // Puts a node of a checkpoint in its place, also where a node that every tree has is in it. no_node: its parent is not there.
  // Requires that no path comes twice. The digest is right again after end_restoring().
  [[nodiscard]] NodeId restore(std::string_view path, Znode node, const std::vector<Acl>& acl);
  void end_restoring();

  // Sum of a hash for each node, over its path, data, Stat, kind and ACL.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] std::uint64_t recompute_digest() const;

 private:
  static constexpr std::size_t slab_size = 256;

  [[nodiscard]] Znode& node(NodeId id) { return slab_[id / slab_size][id % slab_size]; }
  [[nodiscard]] NodeId new_id();
  void fill(NodeId id, NodeId parent, std::string_view path, Znode node, AclRef acl);
  void link(NodeId id);  // without the digest
  void before_change(NodeId id);
  [[nodiscard]] NodeId find_parent(std::string_view path);
  [[nodiscard]] bool is_free(NodeId id) const { return id != root_node && at(id).parent == no_node; }
  [[nodiscard]] bool has_path(NodeId id, std::string_view path) const;
  [[nodiscard]] std::size_t path_size(NodeId id) const;  // of an id that is not the root
  [[nodiscard]] std::uint64_t contribution(NodeId id) const;
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
  NodeId next_ = 0, end_ = 0;     // of the slab, to be visited by the collection under way
  NodeId last_parent_ = no_node;  // of the node restored last: the next one often has the same
  std::string last_parent_path_;
};

}  // namespace muster::tree
