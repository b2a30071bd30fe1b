// The children of one znode, ordered by name: sorted blocks of node numbers. Names stay with the nodes. Steps
// are small also with a million children; about six bytes a child.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace muster::tree {

using NodeId = std::uint32_t;  // number of a znode within one tree; never shown outside
class Nodes;

class Children {
 public:
  // Requires that no child has the name of `id`.
  void insert(const Nodes& nodes, NodeId id);
  // Requires that `id` is a child.
  void erase(const Nodes& nodes, NodeId id);
  [[nodiscard]] std::size_t size() const { return size_; }

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Block& block : blocks_) {
      for (const NodeId id : block) visit(id);
    }
  }

 private:
  using Block = std::vector<NodeId>;  // sorted by name, never empty
  static constexpr std::size_t max_block = 256;
  // The block that holds the name or would have to.
  [[nodiscard]] std::size_t block_of(const Nodes& nodes, std::string_view name) const;

  std::vector<Block> blocks_;
  std::size_t size_ = 0;
};

}  // namespace muster::tree
