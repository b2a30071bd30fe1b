#include "server/tree/record_codec.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "common/wire/jute.h"
#include "common/wire/replies.h"
#include "proto/state.pb.h"

namespace muster::tree {
namespace {

constexpr char node_prefix = 'Z', session_prefix = 'S';
constexpr std::size_t session_key_bytes = 1 + sizeof(std::int64_t);
constexpr std::size_t frame_length_bytes = sizeof(std::int32_t);

// One per thread, so that its buffers serve again.
template <class Message>
Message& scratch() {
  thread_local Message message;
  message.Clear();
  return message;
}

template <class Message>
Message* parsed(std::string_view bytes) {
  Message& message = scratch<Message>();
  const bool fits = bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
  return fits && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ? &message : nullptr;
}

// Protobuf's bytes, field by field. A wrong type or a length beyond the end ends it: then it is not whole().
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes)
      : size_(static_cast<int>(std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max()))),
        begin_(bytes.data()),
        in_(reinterpret_cast<const std::uint8_t*>(bytes.data()), size_) {}

  [[nodiscard]] bool next() { return sound_ && (tag_ = in_.ReadTag()) != 0; }
  [[nodiscard]] int number() const { return Wire::GetTagFieldNumber(tag_); }
  [[nodiscard]] bool whole() { return sound_ && in_.ConsumedEntireMessage(); }

  [[nodiscard]] std::int64_t int64() {
    std::uint64_t value = 0;
    expect(is(Wire::WIRETYPE_VARINT) && in_.ReadVarint64(&value));
    return static_cast<std::int64_t>(value);
  }
  [[nodiscard]] std::int32_t int32() { return static_cast<std::int32_t>(int64()); }
  [[nodiscard]] std::int64_t fixed64() {
    std::uint64_t value = 0;
    expect(is(Wire::WIRETYPE_FIXED64) && in_.ReadLittleEndian64(&value));
    return static_cast<std::int64_t>(value);
  }
  [[nodiscard]] std::string_view bytes() {
    std::uint32_t size = 0;
    expect(is(Wire::WIRETYPE_LENGTH_DELIMITED) && in_.ReadVarint32(&size));
    const auto at = static_cast<std::uint32_t>(in_.CurrentPosition());
    expect(size <= static_cast<std::uint32_t>(size_) - at && in_.Skip(static_cast<int>(size)));
    return sound_ ? std::string_view(begin_ + at, size) : std::string_view();
  }
  void skip() { expect(Wire::SkipField(&in_, tag_)); }

 private:
  using Wire = google::protobuf::internal::WireFormatLite;
  [[nodiscard]] bool is(Wire::WireType type) const { return Wire::GetTagWireType(tag_) == type; }
  void expect(bool sound) { sound_ = sound_ && sound; }

  int size_;
  const char* begin_;
  google::protobuf::io::CodedInputStream in_;
  std::uint32_t tag_ = 0;
  bool sound_ = true;
};

const std::vector<Acl>& usual_acl() {
  static const std::vector<Acl> acl = open_acl();
  return acl;
}

void fill(proto::AclList& out, const std::vector<Acl>& acl) {
  for (const Acl& entry : acl) {
    proto::Acl& to = *out.add_entries();
    to.set_perms(entry.perms);
    if (entry.who.scheme) to.mutable_who()->set_scheme(*entry.who.scheme);
    if (entry.who.id) to.mutable_who()->set_id(*entry.who.id);
  }
}

std::vector<Acl> acl_of(const proto::AclList& from) {
  std::vector<Acl> acl;
  acl.reserve(static_cast<std::size_t>(from.entries_size()));
  for (const proto::Acl& entry : from.entries()) {
    Acl& to = acl.emplace_back();
    to.perms = entry.perms();
    if (entry.who().has_scheme())
      to.who.scheme = entry.who().scheme();
    else
      to.who.scheme.reset();
    if (entry.who().has_id())
      to.who.id = entry.who().id();
    else
      to.who.id.reset();
  }
  return acl;
}

// Of a request that is answered with such a body.
struct OperationOf {
  wire::OpCode operator()(const std::monostate&) const { return wire::OpCode::remove; }
  wire::OpCode operator()(const wire::CreateReply&) const { return wire::OpCode::create; }
  wire::OpCode operator()(const wire::Create2Reply&) const { return wire::OpCode::create2; }
  wire::OpCode operator()(const wire::StatReply&) const { return wire::OpCode::set_data; }
  wire::OpCode operator()(const wire::MultiReply&) const { return wire::OpCode::multi; }
  template <class Other>
  wire::OpCode operator()(const Other&) const {
    return wire::OpCode::error;  // no write is answered so
  }
};

void fill(proto::RememberedOutcome& out, const Remembered& outcome) {
  out.set_operation(static_cast<std::int32_t>(std::visit(OperationOf{}, outcome.reply.body)));
  std::string frame;
  wire::append_reply(frame, outcome.xid, outcome.zxid, outcome.reply);
  out.set_reply(frame.substr(frame_length_bytes));
}

bool read(const proto::RememberedOutcome& from, Remembered& outcome) {
  std::string_view bytes = from.reply();
  const auto header = wire::decode_reply_header(bytes);
  if (!header) return false;
  outcome.xid = header->xid;
  outcome.zxid = header->zxid;
  outcome.reply.error = header->error;
  if (header->error != ErrorCode::ok) return true;
  auto body = wire::decode_reply_body(static_cast<wire::OpCode>(from.operation()), bytes);
  if (!body) return false;
  outcome.reply.body = std::move(*body);
  return true;
}

}  // namespace

std::string key_of_node(std::string_view path) {
  std::string key;
  key.reserve(path.size() + 2);
  key.push_back(node_prefix);
  key.append(path);
  key.push_back('\0');
  return key;
}

std::string key_of_session(SessionId id) {
  std::string key(1, session_prefix);
  const auto value = static_cast<std::uint64_t>(id.value);
  for (unsigned shift = 64; shift > 0;) key.push_back(static_cast<char>(value >> (shift -= 8)));
  return key;
}

Record record_of(std::string_view path, const Znode& node, const std::vector<Acl>& acl) {
  auto& out = scratch<proto::ZnodeRecord>();
  out.set_kind(static_cast<proto::ZnodeRecord::Kind>(static_cast<int>(node.kind) + 1));
  if (!node.block.is_null()) out.set_data(node.block.data().data(), node.block.data().size());
  if (acl != usual_acl()) fill(*out.mutable_acl(), acl);
  out.set_czxid(node.czxid.value);
  out.set_mzxid(node.mzxid.value);
  out.set_pzxid(node.pzxid().value);
  out.set_ctime(node.ctime);
  out.set_mtime(node.mtime);
  out.set_owner(node.owner().value);
  out.set_version(node.version);
  out.set_creates(node.creates());
  out.set_aversion(node.aversion());
  return {key_of_node(path), out.SerializeAsString()};
}

Record record_of(const SessionRecord& session) {
  auto& out = scratch<proto::SessionRecord>();
  out.set_owner(session.session.owner.value);
  out.set_server(session.session.server.value);
  out.set_timeout_ms(session.session.timeout_ms);
  out.set_remember(session.remember);
  for (const Remembered& outcome : session.outcomes) fill(*out.add_outcomes(), outcome);
  return {key_of_session(session.session.id), out.SerializeAsString()};
}

bool is_session(RecordView record) { return !record.key.empty() && record.key.front() == session_prefix; }

// By hand, since a start has millions of them to read: a field after the other, none copied.
std::optional<NodeRecord> decode_node(RecordView record) {
  const std::string_view key = record.key;
  if (key.size() < 3 || key.front() != node_prefix || key[1] != '/' || key.back() != '\0')
    return std::nullopt;
  NodeRecord result;
  result.path = key.substr(1, key.size() - 2);
  int kind = proto::ZnodeRecord::NONE;
  Rare rare;
  FieldReader fields(record.value);
  while (fields.next()) {
    switch (fields.number()) {
      case proto::ZnodeRecord::kKindFieldNumber:
        kind = fields.int32();
        break;
      case proto::ZnodeRecord::kDataFieldNumber:
        result.data = fields.bytes();
        break;
      case proto::ZnodeRecord::kAclFieldNumber:
        if (const auto* const acl = parsed<proto::AclList>(fields.bytes()))
          result.acl = acl_of(*acl);
        else
          return std::nullopt;
        break;
      case proto::ZnodeRecord::kCzxidFieldNumber:
        result.node.czxid = Zxid{fields.int64()};
        break;
      case proto::ZnodeRecord::kMzxidFieldNumber:
        result.node.mzxid = Zxid{fields.int64()};
        break;
      case proto::ZnodeRecord::kPzxidFieldNumber:
        rare.pzxid = Zxid{fields.int64()};
        break;
      case proto::ZnodeRecord::kCtimeFieldNumber:
        result.node.ctime = fields.int64();
        break;
      case proto::ZnodeRecord::kMtimeFieldNumber:
        result.node.mtime = fields.int64();
        break;
      case proto::ZnodeRecord::kOwnerFieldNumber:
        rare.owner = SessionId{fields.fixed64()};
        break;
      case proto::ZnodeRecord::kVersionFieldNumber:
        result.node.version = fields.int32();
        break;
      case proto::ZnodeRecord::kCreatesFieldNumber:
        rare.creates = fields.int32();
        break;
      case proto::ZnodeRecord::kAversionFieldNumber:
        rare.aversion = fields.int32();
        break;
      default:
        fields.skip();
    }
  }
  if (!fields.whole() || kind < proto::ZnodeRecord::PERSISTENT || kind > proto::ZnodeRecord::CONTAINER)
    return std::nullopt;
  result.node.kind = static_cast<NodeKind>(kind - 1);
  if (rare.pzxid != result.node.czxid || rare.owner.value != 0 || rare.creates != 0 || rare.aversion != 0)
    result.node.rare = std::make_unique<Rare>(std::move(rare));
  return result;
}

std::optional<SessionRecord> decode_session(RecordView record) {
  if (!is_session(record) || record.key.size() != session_key_bytes) return std::nullopt;
  const auto* const from = parsed<proto::SessionRecord>(record.value);
  if (from == nullptr || from->owner() <= 0) return std::nullopt;
  std::uint64_t id = 0;
  for (std::size_t i = 1; i < session_key_bytes; ++i)
    id = id << 8U | static_cast<unsigned char>(record.key[i]);
  SessionRecord result;
  result.session.id = SessionId{static_cast<std::int64_t>(id)};
  result.session.owner = Zxid{from->owner()};
  result.session.server = ServerId{from->server()};
  result.session.timeout_ms = from->timeout_ms();
  result.remember = from->remember();
  for (const proto::RememberedOutcome& outcome : from->outcomes())
    if (!read(outcome, result.outcomes.emplace_back())) return std::nullopt;
  return result;
}

}  // namespace muster::tree
