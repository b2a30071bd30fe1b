// The replicated sessions: who owns each, which ephemerals it has, and which outcomes of its writes are
// remembered. Every change keeps the digest. Ephemerals are not in it: they are in the znodes'.
#pragma once

#include <muster/ids.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>

#include "common/wire/replies.h"
#include "server/tree/changes.h"
#include "server/tree/children.h"
#include "server/tree/tree.h"

namespace muster::tree {

struct Remembered {
  Xid xid;
  Zxid zxid;
  wire::Reply reply;
  std::uint64_t hash = 0;
};

struct SessionRecord {
  Session session;
  std::int32_t remember = 0;        // outcomes kept; 0: xids mean nothing
  std::list<Remembered> outcomes;   // in the order of their xids, the newest last; at most `remember`
  std::uint64_t outcomes_hash = 0;  // sum over them
  std::set<NodeId> ephemerals;
  Mark mark;
};

class Sessions {
 public:
  // The session of the connection that `session.owner` names; `session.id` is new.
  void open(const Session& session, std::int32_t remember);
  // Requires that it exists. Outcomes stay, as many as are wanted now.
  void attach(const Session& session, std::int32_t remember);
  void close(SessionId id);

  [[nodiscard]] const SessionRecord* find(SessionId id) const;
  [[nodiscard]] const std::map<SessionId, SessionRecord>& all() const { return sessions_; }

  // Requires that the session exists.
  void add_ephemeral(SessionId id, NodeId node) { sessions_.at(id).ephemerals.insert(node); }
  // Of a session that is gone nothing is left to do.
  void drop_ephemeral(SessionId id, NodeId node);

  // The outcome becomes part of the session; the oldest beyond its limit is forgotten. Requires that the
  // session exists and remembers, and that no outcome of that xid is there.
  void remember(SessionId id, Xid xid, Zxid zxid, const wire::Reply& reply);

  // A checkpoint's part (checkpoint_source.h). False: there is more.
  void begin_collection();
  [[nodiscard]] bool collect(Slice& slice);
  [[nodiscard]] Changes& changes() { return changes_; }
  [[nodiscard]] const Changes& changes() const { return changes_; }

  // Puts a session of a checkpoint in its place, its ephemerals left out. False: there is one of that id already.
  [[nodiscard]] bool restore(SessionRecord record);

  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] std::uint64_t recompute_digest() const;

 private:
  static void trim(SessionRecord& record);
  void before_change(SessionRecord& record);
  [[nodiscard]] bool is_visited(SessionId id) const { return last_visited_ && id <= *last_visited_; }

  std::map<SessionId, SessionRecord> sessions_;
  std::uint64_t digest_ = 0;
  Changes changes_;
  std::optional<SessionId> last_visited_;  // by the collection under way
};

// Was `a` given out before `b`? A client's xids grow and after 2^31 - 1 start again at 1.
[[nodiscard]] constexpr bool older(Xid a, Xid b) {
  const std::uint32_t distance =
      (static_cast<std::uint32_t>(a.value) - static_cast<std::uint32_t>(b.value)) & 0x7FFFFFFFU;
  return distance > 0x40000000U;
}

// The remembered outcome of that xid, or null.
[[nodiscard]] const Remembered* outcome_of(const SessionRecord& record, Xid xid);

}  // namespace muster::tree
