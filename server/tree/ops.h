// The operations on znodes, one function each: its checks in ZooKeeper's order, then its effect. A failed one
// changes nothing.
#pragma once

#include <string_view>
#include <vector>

#include "common/wire/replies.h"
#include "common/wire/requests.h"
#include "server/tree/nodes.h"
#include "server/tree/sessions.h"
#include "server/tree/tree.h"

namespace muster::tree {

// How to take back one step of a multi; in reverse order they give exactly the state before.
struct Undo {
  enum class Step : std::uint8_t { created, deleted, changed };
  Step step{};
  NodeId node = no_node;
  // Of the parent, before it got or lost the node.
  Zxid parent_pzxid;
  std::int32_t parent_creates = 0;
  // Of the node, before its data changed.
  NodeBlock block;
  Zxid mzxid;
  std::int64_t mtime = 0;
  std::int32_t version = 0;
};

// What an operation works on, and for whom.
struct Scene {
  Nodes& nodes;
  Sessions& sessions;
  const Stamp& stamp;
  SessionId session;
  const std::vector<AuthId>& who;
  std::vector<Change>& changes;
  std::vector<Undo>* undo = nullptr;  // inside a multi
};

[[nodiscard]] wire::Reply run(Scene& scene, const wire::CreateRequest& request);
[[nodiscard]] wire::Reply run(Scene& scene, const wire::DeleteRequest& request);
[[nodiscard]] wire::Reply run(Scene& scene, const wire::SetDataRequest& request);
[[nodiscard]] wire::Reply run(Scene& scene, const wire::SetAclRequest& request);
[[nodiscard]] wire::Reply run(Scene& scene, const wire::CheckVersionRequest& request);
// All or nothing. A multi that fails is answered with its results; the reply's own error stays ok.
[[nodiscard]] wire::Reply run(Scene& scene, const wire::MultiRequest& request);

// Deletes the session's ephemerals, in the order of their paths, and the session. Requires that it exists.
void end_session(Scene& scene, SessionId id);

}  // namespace muster::tree
