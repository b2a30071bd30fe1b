// The one history: every committed entry once, applied to a tree of its own. What servers and clients see is
// compared with it.
//   forward-order   each origin's proposals are committed in its order, without a gap, none twice
//   exactly-once    a client's write takes effect at most once, and in the order in which its session sent it
//   stat, sequential, session-table  (znodes.h, session_table.h)
//   ephemerals      an ephemeral node exists only while its session does
//   digest          a server's digest is the model's at the same zxid
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/tree/tree.h"
#include "tests/simulation/checks/logs.h"
#include "tests/simulation/checks/session_table.h"
#include "tests/simulation/checks/znodes.h"

namespace muster::simulation {

// A client's write carries a text that no other one has, up to the first '|' of its data; a delete goes by
// its path. Users of the recipes (below /recipes) write what they please: "".
[[nodiscard]] std::string token_of(const tree::Operation& operation);
[[nodiscard]] std::string token_of(const wire::Request& request);
[[nodiscard]] std::uint64_t hash_of(const std::vector<std::string>& names);

class Model {
 public:
  struct Applied {
    const Record* record = nullptr;
    bool accepted = true;
    std::string token;  // "" for what no client wrote
    tree::Outcome outcome;
    std::uint64_t digest = 0;
    bool expiry = false;
  };
  // A node as of `zxid`, until the next version.
  struct Version : NodeState {
    Zxid zxid;
  };
  struct PathChange {
    Zxid zxid;
    tree::ChangeKind kind{};
  };

  explicit Model(Loop& loop);

  const Applied& apply(const Record& record);
  [[nodiscard]] Zxid applied() const { return Zxid{static_cast<std::int64_t>(applied_.size())}; }
  [[nodiscard]] const Applied& at(Zxid zxid) const {
    return applied_[static_cast<std::size_t>(zxid.value) - 1];
  }
  void compare_digest(int server, const tree::Tree& tree) const;
  [[nodiscard]] const tree::Tree& tree() const { return tree_; }

  // The node as it was at `zxid`; null: it had never existed.
  [[nodiscard]] const Version* version(const std::string& path, Zxid zxid) const;
  // The first change of `path` in (after, up_to] that is one of `kinds` (a bit for each ChangeKind).
  [[nodiscard]] std::optional<PathChange> change(const std::string& path, Zxid after, Zxid up_to,
                                                 unsigned kinds) const;
  // All of them, in order.
  [[nodiscard]] std::vector<PathChange> changes(const std::string& path, Zxid after, Zxid up_to) const;
  // Whether `path` changed at exactly `zxid` in one of these ways.
  [[nodiscard]] bool changed_at(const std::string& path, Zxid zxid, unsigned kinds) const;

  // A client sends this write for the first time.
  void sent(const std::string& token);
  // How often a write took effect: 0 or 1.
  [[nodiscard]] int effects(const std::string& token) const;

 private:
  struct Write {
    std::uint64_t order = 0;
    int effects = 0;
  };

  bool accept(const broadcast::Entry& entry);
  void check_command(const Applied& applied, const tree::Command& command);
  void note_marks(const Applied& applied, const std::optional<tree::Command>& command);
  void note_write(const Applied& applied, SessionId session);
  void note_changes(const Applied& applied, const std::optional<tree::Command>& command);
  void note_node(const std::string& path, const broadcast::Entry& entry);
  void remember_initial(const std::string& path);
  void check_ephemerals(const Applied& applied, const std::set<std::string>& touched);

  Loop& loop_;
  tree::Tree tree_;
  Znodes znodes_;
  SessionTable session_table_;
  std::deque<Applied> applied_;
  std::map<ServerId, std::pair<std::uint64_t, std::uint64_t>> origins_;  // boot, n
  std::unordered_map<std::string, std::vector<Version>> versions_;       // never iterated
  std::unordered_map<std::string, std::vector<PathChange>> changes_;     // never iterated
  std::unordered_map<std::string, Write> writes_;                        // never iterated
  std::unordered_map<SessionId, std::uint64_t> last_order_;              // never iterated
  std::map<SessionId, std::set<std::string>> ephemerals_;
  std::uint64_t orders_ = 0;
};

}  // namespace muster::simulation
