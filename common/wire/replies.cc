#include "common/wire/replies.h"

#include <type_traits>
#include <utility>

#include "common/wire/jute.h"

namespace muster::wire {
namespace {

template <class Archive>
void fields(Archive& archive, Like<Archive, ReplyHeader>& r) {
  archive(r.xid, r.zxid, r.error);
}
template <class Archive>
void fields(Archive& /*archive*/, Like<Archive, std::monostate>& /*empty*/) {}
template <class Archive>
void fields(Archive& archive, Like<Archive, CreateReply>& r) {
  archive(r.path);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, Create2Reply>& r) {
  archive(r.path, r.stat);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, StatReply>& r) {
  archive(r.stat);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, GetDataReply>& r) {
  archive(r.data, r.stat);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, GetAclReply>& r) {
  archive(r.acl, r.stat);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, ChildrenReply>& r) {
  archive(r.children);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, Children2Reply>& r) {
  archive(r.children, r.stat);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, PathReply>& r) {
  archive(r.path);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, SaslReply>& r) {
  archive(r.token);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, ErrorReply>& r) {
  archive(r.error);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, EphemeralsReply>& r) {
  archive(r.paths);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, CountReply>& r) {
  archive(r.count);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, WhoAmIReply>& r) {
  archive(r.ids);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, BackupBegunReply>& r) {
  auto digest = static_cast<std::int64_t>(r.digest);
  archive(r.zxid, r.epoch, digest, r.cluster_id, r.znodes);
  if constexpr (std::is_same_v<Archive, Reader>) r.digest = static_cast<std::uint64_t>(digest);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, BackupRecordsReply>& r) {
  archive(r.records);
}

void fields(Reader& reader, MultiReply& multi);

template <class Record>
Record read(Reader& reader) {
  Record record;
  fields(reader, record);
  return record;
}

void read_result(Reader& reader, MultiResult& result) {
  switch (result.type) {
    case OpCode::create:
      result.body = read<CreateReply>(reader);
      return;
    case OpCode::create2:
      result.body = read<Create2Reply>(reader);
      return;
    case OpCode::set_data:
      result.body = read<StatReply>(reader);
      return;
    case OpCode::get_data:
      result.body = read<GetDataReply>(reader);
      return;
    case OpCode::get_children:
      result.body = read<ChildrenReply>(reader);
      return;
    case OpCode::remove:
    case OpCode::check:
      return;
    case OpCode::error:
      result.error = static_cast<ErrorCode>(read<ErrorReply>(reader).error);
      return;
    default:
      reader.fail();
  }
}

void fields(Reader& reader, MultiReply& multi) {
  for (;;) {
    const auto header = read<MultiHeader>(reader);
    if (header.done || !reader.ok()) return;
    MultiResult result;
    result.type = header.type;
    read_result(reader, result);
    multi.results.push_back(std::move(result));
  }
}

void fields(Writer& writer, const MultiReply& multi) {
  for (const MultiResult& result : multi.results) {
    const auto error = static_cast<std::int32_t>(result.error);
    if (result.type == OpCode::error || error != 0) {
      fields(writer, MultiHeader{OpCode::error, false, error});
      fields(writer, ErrorReply{error});
      continue;
    }
    fields(writer, MultiHeader{result.type, false, 0});
    std::visit([&](const auto& body) { fields(writer, body); }, result.body);
  }
  fields(writer, MultiHeader{});
}

ReplyBody read_body(Reader& reader, OpCode request) {
  switch (request) {
    case OpCode::create:
      return read<CreateReply>(reader);
    case OpCode::create2:
    case OpCode::create_container:
    case OpCode::create_ttl:
      return read<Create2Reply>(reader);
    case OpCode::exists:
    case OpCode::set_data:
    case OpCode::set_acl:
      return read<StatReply>(reader);
    case OpCode::get_data:
    case OpCode::reconfig:
      return read<GetDataReply>(reader);
    case OpCode::get_acl:
      return read<GetAclReply>(reader);
    case OpCode::get_children:
      return read<ChildrenReply>(reader);
    case OpCode::get_children2:
      return read<Children2Reply>(reader);
    case OpCode::sync:
      return read<PathReply>(reader);
    case OpCode::multi:
    case OpCode::multi_read:
      return read<MultiReply>(reader);
    case OpCode::sasl:
      return read<SaslReply>(reader);
    case OpCode::get_ephemerals:
      return read<EphemeralsReply>(reader);
    case OpCode::get_all_children_number:
      return read<CountReply>(reader);
    case OpCode::add_watch:
      return read<ErrorReply>(reader);
    case OpCode::who_am_i:
      return read<WhoAmIReply>(reader);
    case OpCode::backup_begin:
      return read<BackupBegunReply>(reader);
    case OpCode::backup_next:
      return read<BackupRecordsReply>(reader);
    default:
      return std::monostate();  // the others are answered by their header alone
  }
}

}  // namespace

void append_reply(std::string& out, Xid xid, Zxid zxid, const Reply& reply) {
  FrameWriter frame(out);
  fields(frame.write, ReplyHeader{xid, zxid, reply.error});
  if (reply.error != ErrorCode::ok) return;
  std::visit([&](const auto& body) { fields(frame.write, body); }, reply.body);
}

Result<ReplyHeader> decode_reply_header(std::string_view& payload) {
  Reader reader(payload);
  ReplyHeader header;
  fields(reader, header);
  if (!reader.ok()) return Error{"the reply header is cut short"};
  payload = reader.left();
  return header;
}

Result<ReplyBody> decode_reply_body(OpCode request, std::string_view body) {
  Reader reader(body);
  ReplyBody reply = read_body(reader, request);
  if (!reader.ok()) return Error{"the reply is cut short or holds impossible values"};
  return reply;
}

}  // namespace muster::wire
