// Puts the znodes of a checkpoint in their places, in ascending order of their keys, and gives the digest of what it put.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/tree/nodes.h"

namespace muster::tree {

class Restoring {
 public:
  // `nodes`: the same at each call; at first they are what every tree has. Also where a node that every tree has is in its place. no_node: its parent is not there. `node` brings everything but block, parent
  // and ACL. Requires that no path comes twice.
  [[nodiscard]] NodeId add(Nodes& nodes, std::string_view path, std::optional<std::string_view> data,
                           Znode node, const std::vector<Acl>& acl);
  // From here on the digest counts. Nothing may be added after it.
  void finish(Nodes& nodes);

 private:
  struct Waiting {
    std::uint64_t path_hash = 0;
    NodeId id = no_node;
  };

  void to_index(Nodes& nodes, std::uint64_t path_hash, NodeId id);
  void index_all(Nodes& nodes);
  static void replace(Nodes& nodes, NodeId id, std::string_view path, Znode node);
  [[nodiscard]] bool hold_parent(Nodes& nodes, std::string_view path);
  void release_parent(Nodes& nodes);

  // Of the node added last, since the next one often has the same; taken out of the digest while its children come.
  NodeId parent_ = no_node;
  std::string parent_path_;
  std::uint64_t parent_hash_ = 0;
  // Put into the index a few nodes later, when the place has come from memory; all of them before a node is looked for.
  std::array<Waiting, 16> waiting_;
  std::size_t added_ = 0;
};

}  // namespace muster::tree
