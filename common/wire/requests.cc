#include "common/wire/requests.h"

#include <type_traits>
#include <utility>

#include "common/check.h"
#include "common/wire/jute.h"

namespace muster::wire {
namespace {

template <class Archive>
void fields(Archive& archive, Like<Archive, CreateRequest>& r) {
  archive(r.path, r.data, r.acl, r.flags);
  if (r.type == OpCode::create_ttl) archive(r.ttl_ms);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, DeleteRequest>& r) {
  archive(r.path, r.version);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, SetDataRequest>& r) {
  archive(r.path, r.data, r.version);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, SetAclRequest>& r) {
  archive(r.path, r.acl, r.version);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, CheckVersionRequest>& r) {
  archive(r.path, r.version);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, ExistsRequest>& r) {
  archive(r.path, r.watch);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, GetDataRequest>& r) {
  archive(r.path, r.watch);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, GetAclRequest>& r) {
  archive(r.path);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, GetChildrenRequest>& r) {
  archive(r.path, r.watch);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, SyncRequest>& r) {
  archive(r.path);
}
template <class Archive>
void fields(Archive& /*archive*/, Like<Archive, PingRequest>& /*empty*/) {}
template <class Archive>
void fields(Archive& /*archive*/, Like<Archive, CloseSessionRequest>& /*empty*/) {}
template <class Archive>
void fields(Archive& /*archive*/, Like<Archive, WhoAmIRequest>& /*empty*/) {}
template <class Archive>
void fields(Archive& /*archive*/, Like<Archive, BackupBeginRequest>& /*empty*/) {}
template <class Archive>
void fields(Archive& archive, Like<Archive, BackupNextRequest>& r) {
  archive(r.max_bytes);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, AuthRequest>& r) {
  archive(r.type, r.scheme, r.auth);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, SaslRequest>& r) {
  archive(r.token);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, SetWatchesRequest>& r) {
  archive(r.relative_zxid, r.data, r.exist, r.child);
  if (r.type == OpCode::set_watches2) archive(r.persistent, r.persistent_recursive);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, WatchesRequest>& r) {
  archive(r.path, r.kind);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, AddWatchRequest>& r) {
  archive(r.path, r.mode);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, GetEphemeralsRequest>& r) {
  archive(r.prefix);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, GetAllChildrenNumberRequest>& r) {
  archive(r.path);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, ReconfigRequest>& r) {
  archive(r.joining, r.leaving, r.new_members, r.config_id);
}

// One type per operation, except for records that serve several and carry it themselves.
template <class Record>
constexpr OpCode fixed_type = OpCode::error;
template <>
constexpr OpCode fixed_type<DeleteRequest> = OpCode::remove;
template <>
constexpr OpCode fixed_type<SetDataRequest> = OpCode::set_data;
template <>
constexpr OpCode fixed_type<SetAclRequest> = OpCode::set_acl;
template <>
constexpr OpCode fixed_type<CheckVersionRequest> = OpCode::check;
template <>
constexpr OpCode fixed_type<MultiRequest> = OpCode::multi;
template <>
constexpr OpCode fixed_type<ExistsRequest> = OpCode::exists;
template <>
constexpr OpCode fixed_type<GetDataRequest> = OpCode::get_data;
template <>
constexpr OpCode fixed_type<GetAclRequest> = OpCode::get_acl;
template <>
constexpr OpCode fixed_type<MultiReadRequest> = OpCode::multi_read;
template <>
constexpr OpCode fixed_type<SyncRequest> = OpCode::sync;
template <>
constexpr OpCode fixed_type<PingRequest> = OpCode::ping;
template <>
constexpr OpCode fixed_type<CloseSessionRequest> = OpCode::close_session;
template <>
constexpr OpCode fixed_type<AuthRequest> = OpCode::auth;
template <>
constexpr OpCode fixed_type<SaslRequest> = OpCode::sasl;
template <>
constexpr OpCode fixed_type<AddWatchRequest> = OpCode::add_watch;
template <>
constexpr OpCode fixed_type<GetEphemeralsRequest> = OpCode::get_ephemerals;
template <>
constexpr OpCode fixed_type<GetAllChildrenNumberRequest> = OpCode::get_all_children_number;
template <>
constexpr OpCode fixed_type<WhoAmIRequest> = OpCode::who_am_i;
template <>
constexpr OpCode fixed_type<ReconfigRequest> = OpCode::reconfig;
template <>
constexpr OpCode fixed_type<BackupBeginRequest> = OpCode::backup_begin;
template <>
constexpr OpCode fixed_type<BackupNextRequest> = OpCode::backup_next;

template <class Record>
OpCode type_of_record(const Record& record) {
  if constexpr (fixed_type<Record> == OpCode::error) {
    return record.type;
  } else {
    return fixed_type<Record>;
  }
}

template <class Record>
Record read(Reader& reader, Record record = {}) {
  fields(reader, record);
  return record;
}

// A plain create in a multi can't carry a time to live, and ZooKeeper has no null list of permissions here.
bool is_possible_in_multi(const CreateRequest& create) {
  const bool ttl = create.flags == create_flags::ttl || create.flags == create_flags::ttl_sequential;
  return create.acl && (!ttl || create.type == OpCode::create_ttl);
}

void read_op(Reader& reader, OpCode type, MultiRequest& multi) {
  switch (type) {
    case OpCode::create:
    case OpCode::create2:
    case OpCode::create_container:
    case OpCode::create_ttl: {
      CreateRequest create = read(reader, CreateRequest{type, {}, {}, {}, 0, 0});
      if (!is_possible_in_multi(create)) reader.fail();
      multi.ops.emplace_back(std::move(create));
      return;
    }
    case OpCode::remove:
      multi.ops.emplace_back(read<DeleteRequest>(reader));
      return;
    case OpCode::set_data:
      multi.ops.emplace_back(read<SetDataRequest>(reader));
      return;
    case OpCode::check:
      multi.ops.emplace_back(read<CheckVersionRequest>(reader));
      return;
    default:
      reader.fail();
  }
}

void read_op(Reader& reader, OpCode type, MultiReadRequest& multi) {
  switch (type) {
    case OpCode::get_data:
      multi.ops.emplace_back(read<GetDataRequest>(reader));
      return;
    case OpCode::get_children:
      multi.ops.emplace_back(read(reader, GetChildrenRequest{type, {}, false}));
      return;
    default:
      reader.fail();
  }
}

// Where ZooKeeper takes a null path for a path, though for none that exists; all others cannot read it.
bool takes_null_path(OpCode type) {
  switch (type) {
    case OpCode::set_data:
    case OpCode::set_acl:
    case OpCode::sync:
    case OpCode::add_watch:
    case OpCode::remove_watches:
    case OpCode::get_ephemerals:
    case OpCode::auth:
    case OpCode::reconfig:
      return true;
    default:
      return false;
  }
}

template <class Multi>
Multi read_multi(Reader& reader) {
  Multi multi;
  for (;;) {
    const auto header = read<MultiHeader>(reader);
    if (header.done || !reader.ok()) return multi;
    read_op(reader, header.type, multi);
  }
}

template <class Multi>
void write_multi(Writer& writer, const Multi& multi) {
  for (const auto& op : multi.ops) {
    std::visit(
        [&](const auto& record) {
          fields(writer, MultiHeader{type_of_record(record), false, -1});
          fields(writer, record);
        },
        op);
  }
  fields(writer, MultiHeader{});
}

Request read_request(Reader& reader, OpCode type) {
  switch (type) {
    case OpCode::create:
    case OpCode::create2:
    case OpCode::create_container:
    case OpCode::create_ttl:
      return read(reader, CreateRequest{type, {}, {}, {}, 0, 0});
    case OpCode::remove:
      return read<DeleteRequest>(reader);
    case OpCode::exists:
      return read<ExistsRequest>(reader);
    case OpCode::get_data:
      return read<GetDataRequest>(reader);
    case OpCode::set_data:
      return read<SetDataRequest>(reader);
    case OpCode::get_acl:
      return read<GetAclRequest>(reader);
    case OpCode::set_acl:
      return read<SetAclRequest>(reader);
    case OpCode::get_children:
    case OpCode::get_children2:
      return read(reader, GetChildrenRequest{type, {}, false});
    case OpCode::sync:
      return read<SyncRequest>(reader);
    case OpCode::ping:
      return PingRequest{};
    case OpCode::close_session:
      return CloseSessionRequest{};
    case OpCode::multi:
      return read_multi<MultiRequest>(reader);
    case OpCode::multi_read:
      return read_multi<MultiReadRequest>(reader);
    case OpCode::reconfig:
      return read<ReconfigRequest>(reader);
    case OpCode::check_watches:
    case OpCode::remove_watches:
      return read(reader, WatchesRequest{type, {}, 0});
    case OpCode::auth:
      return read<AuthRequest>(reader);
    case OpCode::sasl:
      return read<SaslRequest>(reader);
    case OpCode::set_watches:
    case OpCode::set_watches2:
      return read(reader, SetWatchesRequest{type, {}, {}, {}, {}, {}, {}});
    case OpCode::add_watch:
      return read<AddWatchRequest>(reader);
    case OpCode::get_ephemerals:
      return read<GetEphemeralsRequest>(reader);
    case OpCode::get_all_children_number:
      return read<GetAllChildrenNumberRequest>(reader);
    case OpCode::who_am_i:
      return WhoAmIRequest{};
    case OpCode::backup_begin:
      return BackupBeginRequest{};
    case OpCode::backup_next:
      return read<BackupNextRequest>(reader);
    case OpCode::create_session:
    case OpCode::error:
    case OpCode::notification:
    case OpCode::check:
    case OpCode::delete_container:
      break;
  }
  CHECK(false, "only operations that a client may send are decoded");
}

void append_request(std::string& out, Xid xid, const Request& request) {
  FrameWriter frame(out);
  frame.write(xid, type_of(request));
  std::visit(
      [&](const auto& record) {
        using Record = std::decay_t<decltype(record)>;
        if constexpr (std::is_same_v<Record, MultiRequest> || std::is_same_v<Record, MultiReadRequest>) {
          write_multi(frame.write, record);
        } else {
          fields(frame.write, record);
        }
      },
      request);
}

}  // namespace

bool is_client_operation(OpCode type) {
  switch (type) {
    case OpCode::close_session:
    case OpCode::create:
    case OpCode::remove:
    case OpCode::exists:
    case OpCode::get_data:
    case OpCode::set_data:
    case OpCode::get_acl:
    case OpCode::set_acl:
    case OpCode::get_children:
    case OpCode::sync:
    case OpCode::ping:
    case OpCode::get_children2:
    case OpCode::multi:
    case OpCode::create2:
    case OpCode::reconfig:
    case OpCode::check_watches:
    case OpCode::remove_watches:
    case OpCode::create_container:
    case OpCode::create_ttl:
    case OpCode::multi_read:
    case OpCode::auth:
    case OpCode::set_watches:
    case OpCode::sasl:
    case OpCode::get_ephemerals:
    case OpCode::get_all_children_number:
    case OpCode::set_watches2:
    case OpCode::add_watch:
    case OpCode::who_am_i:
    case OpCode::backup_begin:
    case OpCode::backup_next:
      return true;
    case OpCode::create_session:
    case OpCode::error:
    case OpCode::notification:
    case OpCode::check:
    case OpCode::delete_container:
      return false;
  }
  return false;
}

Result<RequestHeader> decode_request_header(std::string_view& payload) {
  Reader reader(payload);
  RequestHeader header;
  reader(header.xid, header.type);
  if (!reader.ok()) return Error{"the request header is cut short"};
  payload = reader.left();
  return header;
}

Result<Request> decode_request(OpCode type, std::string_view body) {
  Reader reader(body);
  if (!takes_null_path(type)) reader.refuse_null_text();
  Request request = read_request(reader, type);
  if (!reader.ok()) return Error{"the request is cut short or holds impossible values"};
  return request;
}

std::string encode_request(Xid xid, const Request& request) {
  std::string out;
  append_request(out, xid, request);
  return out;
}

OpCode type_of(const Request& request) {
  return std::visit([](const auto& record) { return type_of_record(record); }, request);
}

}  // namespace muster::wire
