// The error codes of ZooKeeper's protocol. Never invent one: clients fail on codes they do not know.
#pragma once

#include <cstdint>
#include <string_view>

namespace muster {

enum class ErrorCode : std::int32_t {
  ok = 0,
  system_error = -1,
  runtime_inconsistency = -2,  // later operations of a failed multi
  data_inconsistency =
      -3,  // Muster: the outcome of a resent write is no longer remembered (never sent to stock clients)
  connection_loss = -4,  // made by clients
  marshalling_error = -5,
  unimplemented = -6,
  operation_timeout = -7,  // made by clients, and by a server whose ensemble has no room to store a write
  bad_arguments = -8,
  invalid_state = -9,  // made by clients
  new_config_no_quorum = -13,
  reconfig_in_progress = -14,
  api_error = -100,
  no_node = -101,
  no_auth = -102,
  bad_version = -103,
  no_children_for_ephemerals = -108,
  node_exists = -110,
  not_empty = -111,
  session_expired = -112,
  invalid_callback = -113,
  invalid_acl = -114,
  auth_failed = -115,
  closing = -116,
  nothing = -117,
  session_moved = -118,
  not_read_only = -119,
  ephemeral_on_local_session = -120,
  no_watcher = -121,
  request_timeout = -122,
  reconfig_disabled = -123,
  session_closed_require_auth = -124,
  quota_exceeded = -125,
  throttled_op = -127,
};

// The code's name in words: "node does not exist".
[[nodiscard]] std::string_view describe(ErrorCode code);

}  // namespace muster
