// What a server answers, as values, and their bytes. A reply value knows nothing of xid: it is encoded only where the session is.
#pragma once

#include <muster/acl.h>
#include <muster/errors.h>
#include <muster/ids.h>
#include <muster/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"
#include "common/wire/opcodes.h"
#include "common/wire/requests.h"

namespace muster::wire {

struct ReplyHeader {
  Xid xid;
  Zxid zxid;
  ErrorCode error = ErrorCode::ok;
};

struct CreateReply {
  std::string path;
  friend bool operator==(const CreateReply&, const CreateReply&) = default;
};
struct Create2Reply {
  std::string path;
  Stat stat;
  friend bool operator==(const Create2Reply&, const Create2Reply&) = default;
};
struct StatReply {
  Stat stat;
  friend bool operator==(const StatReply&, const StatReply&) = default;
};  // exists, setData, setACL
struct GetDataReply {
  std::optional<std::string> data;
  Stat stat;
  friend bool operator==(const GetDataReply&, const GetDataReply&) = default;
};
struct GetAclReply {
  std::vector<Acl> acl;
  Stat stat;
  friend bool operator==(const GetAclReply&, const GetAclReply&) = default;
};
struct ChildrenReply {
  std::vector<std::string> children;
  friend bool operator==(const ChildrenReply&, const ChildrenReply&) = default;
};
struct Children2Reply {
  std::vector<std::string> children;
  Stat stat;
  friend bool operator==(const Children2Reply&, const Children2Reply&) = default;
};
struct PathReply {
  std::optional<std::string> path;
  friend bool operator==(const PathReply&, const PathReply&) = default;
};  // sync
struct SaslReply {
  std::optional<std::string> token;
  friend bool operator==(const SaslReply&, const SaslReply&) = default;
};
struct ErrorReply {
  std::int32_t error = 0;
  friend bool operator==(const ErrorReply&, const ErrorReply&) = default;
};  // addWatch
struct EphemeralsReply {
  std::vector<std::string> paths;
  friend bool operator==(const EphemeralsReply&, const EphemeralsReply&) = default;
};
struct CountReply {
  std::int32_t count = 0;
  friend bool operator==(const CountReply&, const CountReply&) = default;
};
struct WhoAmIReply {
  std::vector<AuthId> ids;
  friend bool operator==(const WhoAmIReply&, const WhoAmIReply&) = default;
};  // {scheme, user}

struct BackupBegunReply {
  Zxid zxid;  // the view's
  Epoch epoch;
  std::uint64_t digest = 0;
  std::string cluster_id;
  std::int64_t znodes = 0;  // about, for people
  friend bool operator==(const BackupBegunReply&, const BackupBegunReply&) = default;
};
struct BackupRecordsReply {
  std::vector<std::string> records;  // a key, its value, the next key, …; none: that was all
  friend bool operator==(const BackupRecordsReply&, const BackupRecordsReply&) = default;
};

// One result inside multi or multiRead. `error` != ok: an error result and the body is empty.
struct MultiResult {
  OpCode type = OpCode::
      error;  // of the answer: create, create2 (also for container and TTL), remove, set_data, check, get_data, get_children
  ErrorCode error = ErrorCode::ok;
  std::variant<std::monostate, CreateReply, Create2Reply, StatReply, GetDataReply, ChildrenReply> body;
  friend bool operator==(const MultiResult&, const MultiResult&) = default;
};
// A failed multi is one whose results all have type error: 0 before the failing one, its code, -2 after.
struct MultiReply {
  std::vector<MultiResult> results;
  friend bool operator==(const MultiReply&, const MultiReply&) = default;
};

using ReplyBody =
    std::variant<std::monostate, CreateReply, Create2Reply, StatReply, GetDataReply, GetAclReply,
                 ChildrenReply, Children2Reply, PathReply, SaslReply, ErrorReply, EphemeralsReply, CountReply,
                 WhoAmIReply, MultiReply, BackupBegunReply, BackupRecordsReply>;

struct Reply {
  ErrorCode error = ErrorCode::ok;
  ReplyBody body;  // empty when error != ok
  friend bool operator==(const Reply&, const Reply&) = default;
};

// A whole frame with its length in front, appended to `out`.
void append_reply(std::string& out, Xid xid, Zxid zxid, const Reply& reply);

// For clients. `payload` is a frame without its length.
[[nodiscard]] Result<ReplyHeader> decode_reply_header(std::string_view& payload);
// The body of a successful reply to a request of that type.
[[nodiscard]] Result<ReplyBody> decode_reply_body(OpCode request, std::string_view body);

}  // namespace muster::wire
