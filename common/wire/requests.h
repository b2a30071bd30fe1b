// What a client can ask, as values, and their bytes. Records and field order: ZooKeeper's zookeeper.jute.
// Strings, buffers and vectors that the protocol lets be null are optional: null and empty are different values.
#pragma once

#include <muster/acl.h>
#include <muster/ids.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"
#include "common/wire/opcodes.h"

namespace muster::wire {

struct RequestHeader {
  Xid xid;
  OpCode type{};  // may hold a number that is no operation
};

struct CreateRequest {
  OpCode type = OpCode::create;  // create, create2, create_container or create_ttl
  std::string path;
  std::optional<std::string> data;
  std::optional<std::vector<Acl>> acl;
  std::int32_t flags = 0;
  std::int64_t ttl_ms = 0;  // create_ttl only
  friend bool operator==(const CreateRequest&, const CreateRequest&) = default;
};
namespace create_flags {
inline constexpr std::int32_t persistent = 0, ephemeral = 1, sequential = 2, ephemeral_sequential = 3,
                              container = 4, ttl = 5, ttl_sequential = 6;
}
struct DeleteRequest {
  std::string path;
  std::int32_t version = -1;
  friend bool operator==(const DeleteRequest&, const DeleteRequest&) = default;
};
struct SetDataRequest {
  std::string path;
  std::optional<std::string> data;
  std::int32_t version = -1;
  friend bool operator==(const SetDataRequest&, const SetDataRequest&) = default;
};
struct SetAclRequest {
  std::string path;
  std::optional<std::vector<Acl>> acl;
  std::int32_t version = -1;
  friend bool operator==(const SetAclRequest&, const SetAclRequest&) = default;
};
struct CheckVersionRequest {
  std::string path;
  std::int32_t version = -1;
  friend bool operator==(const CheckVersionRequest&, const CheckVersionRequest&) = default;
};
// A decoded multi holds only kinds of operation that multi supports; anything else failed to decode.
using MultiOp = std::variant<CreateRequest, DeleteRequest, SetDataRequest, CheckVersionRequest>;
struct MultiRequest {
  std::vector<MultiOp> ops;
  friend bool operator==(const MultiRequest&, const MultiRequest&) = default;
};

struct ExistsRequest {
  std::string path;
  bool watch = false;
};
struct GetDataRequest {
  std::string path;
  bool watch = false;
};
struct GetAclRequest {
  std::string path;
};
struct GetChildrenRequest {
  OpCode type = OpCode::get_children;
  std::string path;
  bool watch = false;
};  // or get_children2
struct MultiReadRequest {
  std::vector<std::variant<GetDataRequest, GetChildrenRequest>> ops;
};
struct SyncRequest {
  std::optional<std::string> path;
};
struct PingRequest {};
struct CloseSessionRequest {};
struct AuthRequest {
  std::int32_t type = 0;
  std::optional<std::string> scheme;
  std::optional<std::string> auth;
};
struct SaslRequest {
  std::optional<std::string> token;
};
struct SetWatchesRequest {  // set_watches or set_watches2
  OpCode type = OpCode::set_watches;
  Zxid relative_zxid;
  std::vector<std::string> data, exist, child, persistent, persistent_recursive;
};
struct WatchesRequest {
  OpCode type = OpCode::check_watches;
  std::string path;
  std::int32_t kind = 0;
};  // or remove_watches
struct AddWatchRequest {
  std::string path;
  std::int32_t mode = 0;
};
struct GetEphemeralsRequest {
  std::optional<std::string> prefix;
};
struct GetAllChildrenNumberRequest {
  std::string path;
};
struct WhoAmIRequest {};
// A view of a state that holds all that was acknowledged before; it takes the place of the connection's last one.
struct BackupBeginRequest {};
// About so many bytes of its records, in the order of their keys; answered bad_arguments without a view.
struct BackupNextRequest {
  std::int32_t max_bytes = 0;
};
struct ReconfigRequest {
  std::optional<std::string> joining, leaving, new_members;
  std::int64_t config_id = -1;
};

using Request =
    std::variant<CreateRequest, DeleteRequest, SetDataRequest, SetAclRequest, MultiRequest, ExistsRequest,
                 GetDataRequest, GetAclRequest, GetChildrenRequest, MultiReadRequest, SyncRequest,
                 PingRequest, CloseSessionRequest, AuthRequest, SaslRequest, SetWatchesRequest,
                 WatchesRequest, AddWatchRequest, GetEphemeralsRequest, GetAllChildrenNumberRequest,
                 WhoAmIRequest, ReconfigRequest, BackupBeginRequest, BackupNextRequest>;

// Header of a request frame (payload without its length). Advances `payload` past it. Error: fewer than 8 bytes.
[[nodiscard]] Result<RequestHeader> decode_request_header(std::string_view& payload);

// True for operations that a client may send at top level; others are answered `unimplemented` and the connection closed.
[[nodiscard]] bool is_client_operation(OpCode type);

// The body that follows a header of that type. Trailing bytes are ignored, as ZooKeeper does. Never allocates more than a small
// multiple of body.size(). Error (answered `marshalling_error`): truncated, impossible counts, unsupported operation inside a
// multi or multiRead, null where the protocol has no null. Null strings decode as empty where the field is not optional.
// Requires is_client_operation(type).
[[nodiscard]] Result<Request> decode_request(OpCode type, std::string_view body);

// For clients: a whole frame with its length in front.
[[nodiscard]] std::string encode_request(Xid xid, const Request& request);
[[nodiscard]] OpCode type_of(const Request& request);

}  // namespace muster::wire
