#include "tests/simulation/checks/znodes.h"

#include <fmt/core.h>
#include <muster/path.h>

#include "tests/simulation/sim.h"

namespace muster::simulation {
namespace {

std::size_t size_of(const tree::NodeData& node) { return node.data ? node.data->size() : 0; }

// The first of these rules that does not hold; null: all do.
const char* wrong_of_new(const Stat& stat, Zxid zxid, std::int64_t time_ms) {
  if (stat.czxid != zxid) return "a new node's czxid is not its entry's zxid";
  if (stat.mzxid != zxid || stat.pzxid != zxid) return "a new node's mzxid or pzxid is another one's";
  if (stat.ctime != time_ms || stat.mtime != time_ms) return "a new node's times are not its entry's";
  return nullptr;
}

const char* wrong_of_changed(const NodeState& before, const NodeState& after, Zxid zxid) {
  const Stat& old = before.node->stat;
  const Stat& now = after.node->stat;
  if (now.ephemeral_owner != old.ephemeral_owner) return "the owner changed";
  if (now.ctime != old.ctime) return "the time of creation changed";
  if (now.version < old.version || now.cversion < old.cversion || now.aversion < old.aversion)
    return "a version fell";
  if ((now.version != old.version) != (now.mzxid != old.mzxid)) return "version and mzxid disagree";
  if (now.mzxid != old.mzxid && now.mzxid != zxid) return "mzxid is not that of the entry that changed it";
  if (now.version == old.version && now.mtime != old.mtime) return "mtime changed without a change";
  if (now.version == old.version && after.node->data != before.node->data)
    return "the data changed and the version did not";
  if ((now.cversion != old.cversion) != (now.pzxid != old.pzxid)) return "cversion and pzxid disagree";
  if (now.pzxid != old.pzxid && now.pzxid != zxid) return "pzxid is not that of the entry that changed it";
  if (after.children != before.children && now.cversion == old.cversion)
    return "the children changed and cversion did not";
  return nullptr;
}

// Of "/a/name-0000000012", asked for as "/a/name-": 12.
std::optional<std::int64_t> number_of(const std::string& asked, const std::string& path) {
  constexpr std::size_t digits = 10;
  if (path.size() != asked.size() + digits || !path.starts_with(asked)) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : path.substr(asked.size())) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

void Znodes::on_node(const std::string& path, const NodeState& before, const NodeState& after, Zxid zxid,
                     std::int64_t time_ms, std::size_t number) {
  const auto count = [&](const NodeState& state, bool is_there) {
    if (!state.node) return;
    const std::size_t ephemeral = state.node->stat.ephemeral_owner != SessionId{} ? 1 : 0;
    const std::uint64_t bytes = path.size() + size_of(*state.node);
    nodes_ = is_there ? nodes_ + 1 : nodes_ - 1;
    ephemerals_ = is_there ? ephemerals_ + ephemeral : ephemerals_ - ephemeral;
    bytes_ = is_there ? bytes_ + bytes : bytes_ - bytes;
  };
  count(before, false);
  count(after, true);
  if (!after.node) return;
  const Stat& stat = after.node->stat;
  const bool is_new = !before.node || before.node->stat.czxid != stat.czxid;
  const char* wrong = is_new ? wrong_of_new(stat, zxid, time_ms) : wrong_of_changed(before, after, zxid);
  if (wrong == nullptr && static_cast<std::size_t>(stat.num_children) != number)
    wrong = "numChildren is not the number of its children";
  if (wrong == nullptr && static_cast<std::size_t>(stat.data_length) != size_of(*after.node))
    wrong = "dataLength is not the length of its data";
  if (wrong != nullptr) broken("stat", fmt::format("{} at {}: {}", path, zxid.value, wrong));
}

void Znodes::check_counts(const tree::Tree& tree) const {
  if (tree.node_count() != nodes_ || tree.ephemeral_count() != ephemerals_ || tree.bytes() != bytes_) {
    broken("stat", fmt::format("the tree at {} counts {} nodes, {} ephemerals, {} bytes; it has {}, {}, {}",
                               tree.applied().value, tree.node_count(), tree.ephemeral_count(), tree.bytes(),
                               nodes_, ephemerals_, bytes_));
  }
}

void Znodes::on_created(const wire::CreateRequest& request, const std::string& path, const tree::Tree& tree,
                        std::size_t& given) {
  if ((request.flags & wire::create_flags::sequential) == 0) return;
  const std::string parent(parent_of(path));
  const std::optional<std::int64_t> number = number_of(request.path, path);
  const std::optional<Stat> stat = tree.stat(parent);
  if (!number) broken("sequential", fmt::format("{} was asked for, and {} given", request.path, path));
  if (!stat) return;  // it went in the same entry
  Given& last = given_[parent];
  if (last.parent == stat->czxid && *number <= last.number)
    broken("sequential", fmt::format("{} was given after number {}", path, last.number));
  last = {stat->czxid, *number};
  ++given;
}

std::size_t Znodes::on_created(const tree::Operation& operation, const wire::ReplyBody& reply,
                               const tree::Tree& tree) {
  std::size_t given = 0;
  const auto each = [&](const auto& request, const auto& body) {
    const auto* create = std::get_if<wire::CreateRequest>(&request);
    if (create == nullptr) return;
    if (const auto* one = std::get_if<wire::CreateReply>(&body)) on_created(*create, one->path, tree, given);
    if (const auto* two = std::get_if<wire::Create2Reply>(&body)) on_created(*create, two->path, tree, given);
  };
  each(operation, reply);
  const auto* multi = std::get_if<wire::MultiRequest>(&operation);
  const auto* results = std::get_if<wire::MultiReply>(&reply);
  if (multi == nullptr || results == nullptr) return given;
  for (std::size_t i = 0; i < multi->ops.size(); ++i) each(multi->ops[i], results->results[i].body);
  return given;
}

}  // namespace muster::simulation
