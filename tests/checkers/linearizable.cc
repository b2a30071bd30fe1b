#include "tests/checkers/linearizable.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "tests/checkers/znode.h"

namespace muster::checkers {
namespace {

struct Tried {
  std::vector<bool> done;  // operations that have taken effect
  Znode znode;
  friend bool operator==(const Tried&, const Tried&) = default;
};
struct HashOfTried {
  std::size_t operator()(const Tried& tried) const {
    return std::hash<std::vector<bool>>{}(tried.done) * 31 + static_cast<std::size_t>(tried.znode.value) * 7 +
           static_cast<std::size_t>(tried.znode.version);
  }
};

enum class Verdict : std::uint8_t { yes, no, undecided };

// The search over one znode's operations, depth first.
class Search {
 public:
  Search(std::vector<Operation> operations, std::uint64_t max_steps)
      : operations_(std::move(operations)), steps_left_(max_steps) {
    // Those of unknown outcome stand behind the others, and are tried last: often they never took effect.
    std::sort(operations_.begin(), operations_.end(), [](const Operation& a, const Operation& b) {
      return std::pair(a.outcome == Outcome::unknown, a.called) <
             std::pair(b.outcome == Outcome::unknown, b.called);
    });
    known_ = static_cast<std::size_t>(
        std::count_if(operations_.begin(), operations_.end(),
                      [](const Operation& op) { return op.outcome != Outcome::unknown; }));
  }

  Verdict run() {
    state_.done.resize(operations_.size());
    enter();
    while (done_known_ < known_) {
      if (steps_left_-- == 0) return Verdict::undecided;
      Position& here = path_.back();
      if (here.next < here.candidates.size()) {
        try_next(here.candidates[here.next++]);
      } else {
        path_.pop_back();
        if (path_.empty()) return Verdict::no;
        undo();
      }
    }
    return Verdict::yes;
  }

  // An operation that the order that got furthest had no place for.
  [[nodiscard]] const Operation& stuck() const { return operations_[stuck_]; }

 private:
  // What may take effect next, and how much of it was tried.
  struct Position {
    std::vector<std::size_t> candidates;
    std::size_t next = 0;
    Znode before;
  };

  // What was called before anything else of known outcome returned.
  void enter() {
    std::int64_t first_return = never;
    std::size_t due = 0;
    for (std::size_t i = first_open(); i < known_ && operations_[i].called <= first_return; ++i) {
      if (state_.done[i] || operations_[i].returned >= first_return) continue;
      first_return = operations_[i].returned;
      due = i;
    }
    if (path_.empty() || done_known_ > furthest_) {
      furthest_ = done_known_;
      stuck_ = due;
    }
    Position position;
    position.before = state_.znode;
    for (std::size_t i = first_open(); i < known_ && operations_[i].called <= first_return; ++i)
      if (!state_.done[i]) position.candidates.push_back(i);
    for (std::size_t i = known_; i < operations_.size() && operations_[i].called <= first_return; ++i)
      if (!state_.done[i]) position.candidates.push_back(i);
    path_.push_back(std::move(position));
  }
  [[nodiscard]] std::size_t first_open() const {
    return static_cast<std::size_t>(std::find(state_.done.begin(), state_.done.end(), false) -
                                    state_.done.begin());
  }

  void try_next(std::size_t operation) {
    const auto next = after(state_.znode, operations_[operation]);
    if (!next) return;
    Tried tried{state_.done, *next};
    tried.done[operation] = true;
    if (!tried_.insert(tried).second) return;
    state_ = std::move(tried);
    taken_.push_back(operation);
    if (operation < known_) ++done_known_;
    enter();
  }
  void undo() {
    const std::size_t operation = taken_.back();
    taken_.pop_back();
    state_.done[operation] = false;
    if (operation < known_) --done_known_;
    state_.znode = path_.back().before;
  }

  std::vector<Operation> operations_;  // in the order of their calls
  std::size_t known_ = 0;              // the first so many have a known outcome
  std::uint64_t steps_left_;
  std::vector<Position> path_;      // one more than was taken
  std::vector<std::size_t> taken_;  // the order so far
  std::size_t done_known_ = 0;
  Tried state_;
  std::unordered_set<Tried, HashOfTried> tried_;
  std::size_t furthest_ = 0, stuck_ = 0;
};

}  // namespace

Violations check_linearizable(const History& history, std::uint64_t max_steps) {
  std::map<std::int64_t, std::vector<Operation>> by_key;
  for (const Operation& op : history) {
    const bool counts = op.kind != Kind::read && !(op.is_read() && op.outcome == Outcome::unknown);
    if (counts) by_key[op.key].push_back(op);
  }
  Violations violations;
  for (const auto& [key, operations] : by_key) {
    Search search(operations, max_steps);
    const Verdict verdict = search.run();
    if (verdict == Verdict::no) {
      violations.push_back(
          {"linearizable", fmt::format("no order of the {} operations on znode {} explains \"{}\"",
                                       operations.size(), key, print(search.stuck()))});
    } else if (verdict == Verdict::undecided) {
      violations.push_back({"undecided", fmt::format("the {} operations on znode {} have too many orders",
                                                     operations.size(), key)});
    }
  }
  return violations;
}

}  // namespace muster::checkers
