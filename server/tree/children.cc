#include "server/tree/children.h"

#include <algorithm>

#include "common/check.h"
#include "server/tree/nodes.h"

namespace muster::tree {
namespace {

using Position = std::vector<NodeId>::difference_type;

// Where in the block the name is or would have to be.
Position position_of(const Nodes& nodes, const std::vector<NodeId>& block, std::string_view name) {
  const auto less = [&](NodeId id, std::string_view wanted) { return nodes.at(id).block.name() < wanted; };
  return std::lower_bound(block.begin(), block.end(), name, less) - block.begin();
}

}  // namespace

std::size_t Children::block_of(const Nodes& nodes, std::string_view name) const {
  const auto less = [&](std::string_view wanted, const Block& block) {
    return wanted < nodes.at(block.front()).block.name();
  };
  const auto after = std::upper_bound(blocks_.begin(), blocks_.end(), name, less);
  return after == blocks_.begin() ? 0 : static_cast<std::size_t>(after - blocks_.begin()) - 1;
}

void Children::insert(const Nodes& nodes, NodeId id) {
  ++size_;
  const std::string_view name = nodes.at(id).block.name();
  if (blocks_.empty()) {
    blocks_.push_back({id});
    return;
  }
  // Those of a checkpoint, and sequential ones, come in the order of their names.
  const bool last = nodes.at(blocks_.back().back()).block.name() < name;
  std::size_t at = last ? blocks_.size() - 1 : block_of(nodes, name);
  Position position =
      last ? static_cast<Position>(blocks_[at].size()) : position_of(nodes, blocks_[at], name);
  if (blocks_[at].size() == max_block) {
    // Names that only grow (sequential ones) fill their blocks; others leave room in both halves.
    const bool append = at + 1 == blocks_.size() && position == static_cast<Position>(max_block);
    const Position keep = append ? static_cast<Position>(max_block) : static_cast<Position>(max_block / 2);
    Block upper(blocks_[at].begin() + keep, blocks_[at].end());
    blocks_[at].resize(static_cast<std::size_t>(keep));
    blocks_.insert(blocks_.begin() + static_cast<Position>(at) + 1, std::move(upper));
    if (append || position > keep) {
      ++at;
      position -= keep;
    }
  }
  blocks_[at].insert(blocks_[at].begin() + position, id);
}

void Children::erase(const Nodes& nodes, NodeId id) {
  CHECK(!blocks_.empty(), "the node is a child");
  const std::string_view name = nodes.at(id).block.name();
  const std::size_t at = block_of(nodes, name);
  Block& block = blocks_[at];
  const Position position = position_of(nodes, block, name);
  CHECK(position < static_cast<Position>(block.size()) && block[static_cast<std::size_t>(position)] == id,
        "the node is a child");
  block.erase(block.begin() + position);
  --size_;
  if (at + 1 < blocks_.size() && block.size() + blocks_[at + 1].size() <= max_block / 2) {
    block.insert(block.end(), blocks_[at + 1].begin(), blocks_[at + 1].end());
    blocks_.erase(blocks_.begin() + static_cast<Position>(at) + 1);
  }
  if (blocks_[at].empty()) blocks_.erase(blocks_.begin() + static_cast<Position>(at));
}

}  // namespace muster::tree
