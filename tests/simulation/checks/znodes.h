// What an entry may do to a znode, judged from its stat before and after. The model applies entries with the servers' own code; these
// rules are ZooKeeper's and know nothing of that code.
//   stat        a new node begins with the entry's zxid and time; a change raises the version that counts it, and nothing else
//               does; numChildren, dataLength and the tree's own counts are true
//   sequential  a parent gives each number once, in rising order
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/tree/command.h"
#include "server/tree/tree.h"

namespace muster::simulation {

// A node at one moment.
struct NodeState {
  std::optional<tree::NodeData> node;
  std::uint64_t children = 0;  // a hash of their names
};

class Znodes {
 public:
  explicit Znodes(const tree::Tree& tree) : nodes_(tree.node_count()), bytes_(tree.bytes()) {}

  // `number`: of children that the tree holds of it.
  void on_node(const std::string& path, const NodeState& before, const NodeState& after, Zxid zxid,
               std::int64_t time_ms, std::size_t number);
  // After all nodes of one entry.
  void check_counts(const tree::Tree& tree) const;
  // Names given by this command, which `parents_czxid` then knows the parents of. Returns how many.
  std::size_t on_created(const tree::Operation& operation, const wire::ReplyBody& reply,
                         const tree::Tree& tree);

 private:
  void on_created(const wire::CreateRequest& request, const std::string& path, const tree::Tree& tree,
                  std::size_t& given);

  std::size_t nodes_, ephemerals_ = 0;
  std::uint64_t bytes_;
  struct Given {
    Zxid parent;  // its czxid: another node of that path counts anew
    std::int64_t number = -1;
  };
  std::map<std::string, Given> given_;  // by parent
};

}  // namespace muster::simulation
