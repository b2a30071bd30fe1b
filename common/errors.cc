#include <muster/errors.h>

namespace muster {

std::string_view describe(ErrorCode code) {
  switch (code) {
    case ErrorCode::ok:
      return "ok";
    case ErrorCode::system_error:
      return "internal error of the server";
    case ErrorCode::runtime_inconsistency:
      return "an earlier operation of the transaction failed";
    case ErrorCode::data_inconsistency:
      return "the outcome of this write is no longer remembered";
    case ErrorCode::connection_loss:
      return "connection lost";
    case ErrorCode::marshalling_error:
      return "the request could not be read";
    case ErrorCode::unimplemented:
      return "operation not supported";
    case ErrorCode::operation_timeout:
      return "operation timed out";
    case ErrorCode::bad_arguments:
      return "invalid argument";
    case ErrorCode::invalid_state:
      return "invalid state of the client";
    case ErrorCode::new_config_no_quorum:
      return "no quorum of the new configuration is connected";
    case ErrorCode::reconfig_in_progress:
      return "another reconfiguration is in progress";
    case ErrorCode::api_error:
      return "error";
    case ErrorCode::no_node:
      return "node does not exist";
    case ErrorCode::no_auth:
      return "permission denied";
    case ErrorCode::bad_version:
      return "version does not match";
    case ErrorCode::no_children_for_ephemerals:
      return "an ephemeral node can't have children";
    case ErrorCode::node_exists:
      return "node exists already";
    case ErrorCode::not_empty:
      return "node has children";
    case ErrorCode::session_expired:
      return "session expired";
    case ErrorCode::invalid_callback:
      return "invalid callback";
    case ErrorCode::invalid_acl:
      return "invalid access control list";
    case ErrorCode::auth_failed:
      return "authentication failed";
    case ErrorCode::closing:
      return "the client is closing";
    case ErrorCode::nothing:
      return "nothing to process";
    case ErrorCode::session_moved:
      return "the session moved to another server";
    case ErrorCode::not_read_only:
      return "the server is read-only";
    case ErrorCode::ephemeral_on_local_session:
      return "a local session can't own ephemeral nodes";
    case ErrorCode::no_watcher:
      return "no such watch";
    case ErrorCode::request_timeout:
      return "request timed out";
    case ErrorCode::reconfig_disabled:
      return "reconfiguration is disabled";
    case ErrorCode::session_closed_require_auth:
      return "the server requires authentication";
    case ErrorCode::quota_exceeded:
      return "quota exceeded";
    case ErrorCode::throttled_op:
      return "the server is overloaded";
  }
  return "unknown error";
}

}  // namespace muster
