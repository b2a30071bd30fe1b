// Which nodes have to be read, so that what is known of a tree becomes what it is: a machine without I/O. What goes in are
// the events of a recursive watch and the answers of reads; what comes out are reads, and states to publish.
//
// Why a state is that of one moment: an event arrives before any answer that shows its change. So when every read is
// answered and no event is left, whatever was not read again has not changed up to the moment of the last answer.
#pragma once

#include <muster/event.h>
#include <muster/operations.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muster::recipes {

class TreeFollower {
 public:
  enum class Read {
    value,    // on_value answers
    subtree,  // on_value answers; the nodes below are unknown
    children  // on_children answers
  };
  struct Wish {
    std::string path;
    Read read;
  };
  using Node = std::shared_ptr<const Value>;
  using Nodes = std::map<std::string, Node, std::less<>>;
  struct Change {
    std::string path;
    Node node;  // null: gone
  };

  explicit TreeFollower(std::string root);

  void on_event(const WatchedEvent& event);
  // Nothing: there is no such node, or none that we may read.
  void on_value(const Wish& wish, std::optional<Value> value);
  void on_children(const Wish& wish, const std::vector<std::string>& names);

  // What is to be asked now, in this order. Each is answered once.
  [[nodiscard]] std::vector<Wish> take_wishes();
  // Everything is read, as far as events have told.
  [[nodiscard]] bool is_settled() const;
  // Changes came faster than answers for so long that what is known should be shown, although it is not of one moment.
  [[nodiscard]] bool is_overdue() const;
  // What is new since the last call. Requires is_settled() or is_overdue().
  [[nodiscard]] std::vector<Change> take_changes();

  static constexpr std::size_t max_unanswered = 100;
  static constexpr int max_rounds = 10;  // of reads, until it is overdue

 private:
  void begin_round();
  void note(const std::string& path, Node node);

  const std::string root_;
  Nodes nodes_;                          // as last read
  std::map<std::string, Node> changed_;  // since the last state
  // A round of reads ends when all is answered; what events tell meanwhile is read in the next.
  std::vector<Wish> round_;  // not asked yet, the last one first
  std::map<std::string, Read> next_;
  bool missed_ = false;  // some events: the next round reads everything
  std::size_t unanswered_ = 0;
  int rounds_ = 0;  // since the last state
};

}  // namespace muster::recipes
