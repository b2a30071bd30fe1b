// The replicated state: znodes and sessions. apply() is total and deterministic: the same entries give the same tree, the same
// outcomes and the same digest on every server. Reads are served from it too. No I/O, clock or random source. Copyable.
// Rules (order of checks, Stat, sequential names): those of ZooKeeper 3.9; the tests ask a real ZooKeeper 3.8.
#pragma once

#include <muster/acl.h>
#include <muster/errors.h>
#include <muster/ids.h>
#include <muster/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/replies.h"
#include "server/tree/command.h"

namespace muster::tree {

// The meaning of an entry that this release knows: from 1 up to this.
inline constexpr std::uint32_t newest_semantics = 1;

// What the leader put on the entry.
struct Stamp {
  Zxid zxid;
  std::int64_t time_ms = 0;
  std::uint32_t semantics = 1;
};

enum class ChangeKind : std::uint8_t { created, deleted, data, children };
// A fact about one path; who cares is the watches' business. `acl` decides who may hear of it (of the node itself; of the parent
// for `children`; from before the deletion for `deleted`).
struct Change {
  ChangeKind kind{};
  std::string path;  // the node; for `children` the parent
  std::shared_ptr<const std::vector<Acl>> acl;
};

enum class Fate : std::uint8_t {
  answered,  // `reply` goes to the client (success or error)
  dead,      // the session is closed or never was: no reply, close the connection
  moved,  // the session's owner is another connection: no reply, close the connection, no trace in the tree
};

struct SessionEvent {
  enum class Kind : std::uint8_t { opened, attached, closed };
  Kind kind{};
  SessionId session;
  Zxid owner;  // of opened and attached: this entry
  ServerId server;
  std::int32_t timeout_ms = 0;
  std::int32_t remember = 0;  // granted
};

struct Outcome {
  Fate fate = Fate::answered;
  Zxid zxid;  // for the reply's header; of the first outcome where a remembered one is told again
  wire::Reply reply;
  std::vector<Change> changes;          // in the order in which ZooKeeper triggers watches
  std::optional<SessionEvent> session;  // at most one
};

struct Session {
  SessionId id;
  Zxid owner;
  ServerId server;
  std::int32_t timeout_ms = 0;
};

struct NodeData {
  std::optional<std::string> data;
  Stat stat;
  bool container = false;  // no Stat tells
};

struct Limits {
  // Outcomes a session may ask to be remembered. A server may allow its clients fewer; apply() caps every entry by this default, so
  // that no server's configuration changes an outcome.
  std::int32_t max_remembered = 1000;
};

class Tree {
 public:
  Tree();
  Tree(const Tree&);
  Tree& operator=(const Tree&);
  Tree(Tree&&) noexcept;
  Tree& operator=(Tree&&) noexcept;
  ~Tree();

  // Every entry passes here, in zxid order without gaps. Requires stamp.zxid == applied()+1 (CHECK), or, on an empty tree, any first zxid.
  Outcome apply(
      const Stamp& stamp,
      std::string_view command);  // bytes that are no command: answered with marshalling_error, no change
  Outcome apply(const Stamp& stamp, const Command& command);
  // An entry that is none of the tree's business (epoch start, membership, refused): only `applied` moves.
  void skip(const Stamp& stamp);

  [[nodiscard]] Zxid applied() const;
  // AdHash over all znodes and sessions: sum of a 64-bit hash of each. Incremental; the same on all servers at one zxid.
  [[nodiscard]] std::uint64_t digest() const;
  // The same from scratch, slow: for checks.
  [[nodiscard]] std::uint64_t recompute_digest() const;

  // Reads. Errors as ZooKeeper gives them: no_node, no_auth, bad_arguments (NUL in the path). "" reads as "/".
  [[nodiscard]] wire::Reply exists(std::string_view path, const std::vector<AuthId>& who) const;
  [[nodiscard]] wire::Reply get_data(std::string_view path, const std::vector<AuthId>& who) const;
  [[nodiscard]] wire::Reply get_acl(std::string_view path, const std::vector<AuthId>& who) const;
  [[nodiscard]] wire::Reply get_children(std::string_view path, bool with_stat,
                                         const std::vector<AuthId>& who) const;  // names sorted
  [[nodiscard]] wire::Reply get_all_children_number(std::string_view path,
                                                    const std::vector<AuthId>& who) const;
  [[nodiscard]] wire::Reply get_ephemerals(SessionId session, std::string_view prefix) const;  // sorted

  // Without permissions, for the server itself and for tests.
  [[nodiscard]] std::optional<Stat> stat(std::string_view path) const;
  [[nodiscard]] std::optional<NodeData> data(std::string_view path) const;
  [[nodiscard]] std::vector<std::string> children(std::string_view path) const;  // sorted
  [[nodiscard]] std::vector<std::string> ephemerals(SessionId session) const;    // sorted
  [[nodiscard]] std::optional<Session> session(SessionId id) const;
  [[nodiscard]] std::vector<Session> sessions() const;  // by id
  [[nodiscard]] std::size_t node_count() const;
  [[nodiscard]] std::size_t ephemeral_count() const;
  [[nodiscard]] std::uint64_t bytes() const;  // of all paths and data

 private:
  friend class CheckpointSource;
  friend class TreeLoader;
  struct State;
  std::unique_ptr<State> state_;
};

// True if one of the identities holds `permission` by the list (an empty list permits all; scheme super may everything).
[[nodiscard]] bool permitted(const std::vector<Acl>& acl, std::int32_t permission,
                             const std::vector<AuthId>& who);

}  // namespace muster::tree
