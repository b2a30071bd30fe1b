#include "client/recipes/tree_follower.h"

#include <algorithm>

#include "common/check.h"

namespace muster::recipes {
namespace {

// What the events of a recursive watch do not tell of: changes of the list of children, and of the ACL.
bool same_data(const Stat& a, const Stat& b) { return a.czxid == b.czxid && a.mzxid == b.mzxid; }

}  // namespace

TreeFollower::TreeFollower(std::string root) : root_(std::move(root)) { next_[root_] = Read::subtree; }

void TreeFollower::on_event(const WatchedEvent& event) {
  if (event.type != EventType::gap) {
    next_.emplace(event.path, Read::value);
    return;
  }
  missed_ = true;
  next_[root_] = Read::subtree;
}

void TreeFollower::begin_round() {
  if (std::exchange(missed_, false)) {
    // Anything may have changed, also below a node that an event has told of.
    for (const auto& [path, node] : nodes_) next_[path];
    for (auto& [path, read] : next_) read = Read::subtree;
  }
  for (const auto& [path, read] : next_) round_.push_back({path, read});
  std::reverse(round_.begin(), round_.end());
  next_.clear();
  ++rounds_;
}

std::vector<TreeFollower::Wish> TreeFollower::take_wishes() {
  if (unanswered_ == 0 && round_.empty() && !next_.empty() && !is_overdue()) begin_round();
  std::vector<Wish> wishes;
  for (; unanswered_ < max_unanswered && !round_.empty(); ++unanswered_) {
    wishes.push_back(std::move(round_.back()));
    round_.pop_back();
  }
  return wishes;
}

void TreeFollower::on_value(const Wish& wish, std::optional<Value> value) {
  CHECK(unanswered_ > 0, "an answer without a question");
  --unanswered_;
  const bool parent = value && value->stat.num_children > 0;
  if (parent && wish.read == Read::subtree) round_.push_back({wish.path, Read::children});
  const auto known = nodes_.find(wish.path);
  if (!value) {
    if (known != nodes_.end()) note(wish.path, nullptr);
  } else if (known == nodes_.end() || !same_data(known->second->stat, value->stat)) {
    note(wish.path, std::make_shared<const Value>(*std::move(value)));
  }
}

void TreeFollower::on_children(const Wish& wish, const std::vector<std::string>& names) {
  CHECK(unanswered_ > 0, "an answer without a question");
  --unanswered_;
  const std::string prefix = wish.path == "/" ? "/" : wish.path + "/";
  for (const std::string& name : names) {
    const std::string path = prefix + name;
    // A known one is read in this round anyway.
    if (!nodes_.contains(path)) round_.push_back({path, Read::subtree});
  }
}

void TreeFollower::note(const std::string& path, Node node) {
  if (node) {
    nodes_[path] = node;
  } else {
    nodes_.erase(path);
  }
  changed_[path] = std::move(node);
}

bool TreeFollower::is_settled() const { return unanswered_ == 0 && round_.empty() && next_.empty(); }

bool TreeFollower::is_overdue() const {
  return unanswered_ == 0 && round_.empty() && !next_.empty() && rounds_ >= max_rounds;
}

std::vector<TreeFollower::Change> TreeFollower::take_changes() {
  CHECK(is_settled() || is_overdue(), "reads are under way");
  rounds_ = 0;
  std::vector<Change> changes;
  for (auto& [path, node] : changed_) changes.push_back({path, std::move(node)});
  changed_.clear();
  return changes;
}

}  // namespace muster::recipes
