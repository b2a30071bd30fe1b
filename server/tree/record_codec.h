// The only file of the tree that knows both its parts and the bytes of their records (proto/state.proto).
#pragma once

#include <muster/acl.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/tree/nodes.h"
#include "server/tree/record.h"
#include "server/tree/sessions.h"

namespace muster::tree {

[[nodiscard]] std::string key_of_node(std::string_view path);
[[nodiscard]] std::string key_of_session(SessionId id);

[[nodiscard]] Record record_of(std::string_view path, const Znode& node, const std::vector<Acl>& acl);
[[nodiscard]] Record record_of(const SessionRecord& session);

struct NodeRecord {
  std::string_view path;                 // points into the key
  std::optional<std::string_view> data;  // points into the value
  Znode node;                            // without block, parent, children and number of the ACL
  std::optional<std::vector<Acl>> acl;   // nothing: open_acl(), as nearly all have
};
// Nothing: not the bytes of such a record.
[[nodiscard]] std::optional<NodeRecord> decode_node(RecordView record);
// Without ephemerals and hashes.
[[nodiscard]] std::optional<SessionRecord> decode_session(RecordView record);
[[nodiscard]] bool is_session(RecordView record);

}  // namespace muster::tree
