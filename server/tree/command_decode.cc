// Bytes to a Command: the other half of command_encode.cc. False: they are no such message, or hold a value that is no command. What
// `out` held before is overwritten, and its memory used again where it can be.
#include <cstddef>
#include <optional>

#include "common/proto_wire.h"
#include "proto/entry.pb.h"
#include "server/tree/command.h"

namespace muster::tree {
namespace {

namespace w = proto_wire;

std::int32_t int32_of(std::uint64_t varint) { return static_cast<std::int32_t>(varint); }
std::int32_t sint32_of(std::uint64_t varint) {
  return static_cast<std::int32_t>(w::unzigzag(varint & 0xFFFFFFFFU));
}

void set(std::string& out, std::string_view bytes) { out.assign(bytes); }
void set(std::optional<std::string>& out, std::string_view bytes) {
  if (out)
    out->assign(bytes);
  else
    out.emplace(bytes);
}

bool take(std::string_view bytes, AuthId& out) {
  bool scheme = false, id = false;
  w::Reader reader(bytes);
  while (reader.next()) {
    if (reader.field() == proto::AuthId::kSchemeFieldNumber) {
      set(out.scheme, reader.bytes());
      scheme = true;
    } else if (reader.field() == proto::AuthId::kIdFieldNumber) {
      set(out.id, reader.bytes());
      id = true;
    }
  }
  if (!scheme) out.scheme.reset();
  if (!id) out.id.reset();
  return reader.ok();
}

bool take(std::string_view bytes, Acl& out) {
  bool fine = true;
  w::Reader reader(bytes);
  while (reader.next()) {
    if (reader.field() == proto::Acl::kPermsFieldNumber)
      out.perms = sint32_of(reader.number());
    else if (reader.field() == proto::Acl::kWhoFieldNumber)
      fine = take(reader.bytes(), out.who) && fine;
  }
  return reader.ok() && fine;
}

bool take(std::string_view bytes, std::optional<std::vector<Acl>>& out) {
  out.emplace();
  w::Reader reader(bytes);
  while (reader.next())
    if (reader.field() == proto::AclList::kEntriesFieldNumber && !take(reader.bytes(), out->emplace_back()))
      return false;
  return reader.ok();
}

// What a session that begins and one that moves have in common, if the field at hand is of it.
template <class Field, class Session>
void take_terms(const w::Reader& reader, Session& out) {
  if (reader.field() == Field::kServerFieldNumber) out.server = ServerId{int32_of(reader.number())};
  if (reader.field() == Field::kTimeoutMsFieldNumber) out.timeout_ms = int32_of(reader.number());
  if (reader.field() == Field::kRememberFieldNumber) out.remember = int32_of(reader.number());
}

bool take(std::string_view bytes, OpenSession& out) {
  out = {};
  w::Reader reader(bytes);
  while (reader.next()) take_terms<proto::OpenSession>(reader, out);
  return reader.ok();
}

bool take(std::string_view bytes, AttachSession& out) {
  using Field = proto::AttachSession;
  out = {};
  w::Reader reader(bytes);
  while (reader.next()) {
    if (reader.field() == Field::kSessionFieldNumber)
      out.session = SessionId{static_cast<std::int64_t>(reader.fixed64())};
    take_terms<Field>(reader, out);
  }
  return reader.ok();
}

bool take(std::string_view bytes, CloseSession&) {
  w::Reader reader(bytes);
  while (reader.next()) {
  }
  return reader.ok();
}

bool take(std::string_view bytes, ExpireSession& out) {
  using Field = proto::ExpireSession;
  out = {};
  w::Reader reader(bytes);
  while (reader.next()) {
    if (reader.field() == Field::kSessionFieldNumber)
      out.session = SessionId{static_cast<std::int64_t>(reader.fixed64())};
    if (reader.field() == Field::kOwnerFieldNumber)
      out.owner = Zxid{static_cast<std::int64_t>(reader.number())};
  }
  return reader.ok();
}

bool is_create(std::uint64_t type) {
  using wire::OpCode;
  const auto is = [type](OpCode code) { return type == static_cast<std::uint64_t>(code); };
  return is(OpCode::create) || is(OpCode::create2) || is(OpCode::create_container) || is(OpCode::create_ttl);
}

bool take(std::string_view bytes, wire::CreateRequest& out) {
  using Field = proto::Create;
  std::uint64_t type = 0;
  bool data = false, fine = true;
  out.path.clear();
  out.acl.reset();
  out.flags = 0;
  out.ttl_ms = 0;
  w::Reader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case Field::kTypeFieldNumber:
        type = reader.number();
        break;
      case Field::kPathFieldNumber:
        set(out.path, reader.bytes());
        break;
      case Field::kDataFieldNumber:
        set(out.data, reader.bytes());
        data = true;
        break;
      case Field::kAclFieldNumber:
        fine = take(reader.bytes(), out.acl) && fine;
        break;
      case Field::kFlagsFieldNumber:
        out.flags = sint32_of(reader.number());
        break;
      case Field::kTtlMsFieldNumber:
        out.ttl_ms = w::unzigzag(reader.number());
        break;
    }
  }
  if (!data) out.data.reset();
  out.type = static_cast<wire::OpCode>(type);
  return reader.ok() && fine && is_create(type);
}

// Of a request that has only a path and a version.
template <class Field, class Request>
bool take_versioned(std::string_view bytes, Request& out) {
  out.path.clear();
  out.version = 0;
  w::Reader reader(bytes);
  while (reader.next()) {
    if (reader.field() == Field::kPathFieldNumber) set(out.path, reader.bytes());
    if (reader.field() == Field::kVersionFieldNumber) out.version = sint32_of(reader.number());
  }
  return reader.ok();
}
bool take(std::string_view bytes, wire::DeleteRequest& out) {
  return take_versioned<proto::Delete>(bytes, out);
}
bool take(std::string_view bytes, wire::CheckVersionRequest& out) {
  return take_versioned<proto::CheckVersion>(bytes, out);
}

bool take(std::string_view bytes, wire::SetDataRequest& out) {
  using Field = proto::SetData;
  bool data = false;
  out.path.clear();
  out.version = 0;
  w::Reader reader(bytes);
  while (reader.next()) {
    if (reader.field() == Field::kPathFieldNumber) set(out.path, reader.bytes());
    if (reader.field() == Field::kVersionFieldNumber) out.version = sint32_of(reader.number());
    if (reader.field() != Field::kDataFieldNumber) continue;
    set(out.data, reader.bytes());
    data = true;
  }
  if (!data) out.data.reset();
  return reader.ok();
}

bool take(std::string_view bytes, wire::SetAclRequest& out) {
  using Field = proto::SetAcl;
  bool fine = true;
  out.path.clear();
  out.acl.reset();
  out.version = 0;
  w::Reader reader(bytes);
  while (reader.next()) {
    if (reader.field() == Field::kPathFieldNumber) set(out.path, reader.bytes());
    if (reader.field() == Field::kAclFieldNumber) fine = take(reader.bytes(), out.acl) && fine;
    if (reader.field() == Field::kVersionFieldNumber) out.version = sint32_of(reader.number());
  }
  return reader.ok() && fine;
}

// The alternative T of a variant, as it is if it is that one already.
template <class T, class Variant>
T& hold(Variant& variant) {
  T* held = std::get_if<T>(&variant);
  return held != nullptr ? *held : variant.template emplace<T>();
}

bool take(std::string_view bytes, wire::MultiOp& out) {
  using Field = proto::MultiOp;
  bool fine = false;
  w::Reader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case Field::kCreateFieldNumber:
        fine = take(reader.bytes(), hold<wire::CreateRequest>(out));
        break;
      case Field::kDeleteFieldNumber:
        fine = take(reader.bytes(), hold<wire::DeleteRequest>(out));
        break;
      case Field::kSetDataFieldNumber:
        fine = take(reader.bytes(), hold<wire::SetDataRequest>(out));
        break;
      case Field::kCheckFieldNumber:
        fine = take(reader.bytes(), hold<wire::CheckVersionRequest>(out));
        break;
    }
  }
  return reader.ok() && fine;
}

bool take(std::string_view bytes, wire::MultiRequest& out) {
  out.ops.clear();
  w::Reader reader(bytes);
  while (reader.next())
    if (reader.field() == proto::Multi::kOpsFieldNumber && !take(reader.bytes(), out.ops.emplace_back()))
      return false;
  return reader.ok();
}

// The operation that the field at hand holds; `known` stays as it is if it holds none.
bool take_operation(const w::Reader& reader, Operation& out, bool& known) {
  using Field = proto::Command;
  const auto as = [&](auto& operation) {
    known = true;
    return take(reader.bytes(), operation);
  };
  switch (reader.field()) {
    case Field::kOpenFieldNumber:
      return as(hold<OpenSession>(out));
    case Field::kAttachFieldNumber:
      return as(hold<AttachSession>(out));
    case Field::kCloseFieldNumber:
      return as(hold<CloseSession>(out));
    case Field::kExpireFieldNumber:
      return as(hold<ExpireSession>(out));
    case Field::kCreateFieldNumber:
      return as(hold<wire::CreateRequest>(out));
    case Field::kDeleteFieldNumber:
      return as(hold<wire::DeleteRequest>(out));
    case Field::kSetDataFieldNumber:
      return as(hold<wire::SetDataRequest>(out));
    case Field::kSetAclFieldNumber:
      return as(hold<wire::SetAclRequest>(out));
    case Field::kMultiFieldNumber:
      return as(hold<wire::MultiRequest>(out));
  }
  return true;
}

}  // namespace

bool decode_command(std::string_view bytes, Command& out) {
  using Field = proto::Command;
  out.session = {};
  out.owner = {};
  out.xid = {};
  std::size_t identities = 0;
  bool known = false, fine = true;
  w::Reader reader(bytes);
  while (fine && reader.next()) {
    switch (reader.field()) {
      case Field::kSessionFieldNumber:
        out.session = SessionId{static_cast<std::int64_t>(reader.fixed64())};
        break;
      case Field::kOwnerFieldNumber:
        out.owner = Zxid{static_cast<std::int64_t>(reader.number())};
        break;
      case Field::kXidFieldNumber:
        out.xid = Xid{sint32_of(reader.number())};
        break;
      case Field::kIdentitiesFieldNumber:
        if (identities == out.identities.size()) out.identities.emplace_back();
        fine = take(reader.bytes(), out.identities[identities++]);
        break;
      default:
        fine = take_operation(reader, out.operation, known);
    }
  }
  out.identities.resize(identities);
  return fine && reader.ok() && known;
}

Result<Command> decode_command(std::string_view bytes) {
  Command command;
  if (!decode_command(bytes, command))
    return Error{"the entry's command is no Command message, or names no operation that this release knows"};
  return command;
}

}  // namespace muster::tree
