// A Command to bytes: proto/entry.proto, whose field numbers are used here. Every write is written once and read once on every server: so by
// hand (common/proto_wire.h). command_decode.cc is the other half.
#include <iterator>
#include <optional>

#include "common/proto_wire.h"
#include "proto/entry.pb.h"
#include "server/tree/command.h"

namespace muster::tree {
namespace {

namespace w = proto_wire;

void put_signed(std::string& out, int field, std::int64_t value) {
  w::put_number(out, field, w::zigzag(value));
}
void put_text(std::string& out, int field, const std::string& text) {
  if (!text.empty()) w::put_bytes(out, field, text);
}
void put_optional(std::string& out, int field, const std::optional<std::string>& bytes) {
  if (bytes) w::put_bytes(out, field, *bytes);
}

void put(std::string& out, const AuthId& id) {
  put_optional(out, proto::AuthId::kSchemeFieldNumber, id.scheme);
  put_optional(out, proto::AuthId::kIdFieldNumber, id.id);
}

void put(std::string& out, const std::vector<Acl>& acl) {
  for (const Acl& entry : acl) {
    w::put_message(out, proto::AclList::kEntriesFieldNumber, [&](std::string& one) {
      put_signed(one, proto::Acl::kPermsFieldNumber, entry.perms);
      w::put_message(one, proto::Acl::kWhoFieldNumber, [&](std::string& who) { put(who, entry.who); });
    });
  }
}

void put_acl(std::string& out, int field, const std::optional<std::vector<Acl>>& acl) {
  if (acl) w::put_message(out, field, [&](std::string& list) { put(list, *acl); });
}

// What a session that begins and one that moves have in common.
template <class Field, class Session>
void put_terms(std::string& out, const Session& session) {
  w::put_number(out, Field::kServerFieldNumber, std::int64_t{session.server.value});
  w::put_number(out, Field::kTimeoutMsFieldNumber, std::int64_t{session.timeout_ms});
  w::put_number(out, Field::kRememberFieldNumber, std::int64_t{session.remember});
}
void put(std::string& out, const OpenSession& open) { put_terms<proto::OpenSession>(out, open); }
void put(std::string& out, const AttachSession& attach) {
  using Field = proto::AttachSession;
  w::put_fixed64(out, Field::kSessionFieldNumber, static_cast<std::uint64_t>(attach.session.value));
  put_terms<Field>(out, attach);
}
void put(std::string&, const CloseSession&) {}
void put(std::string& out, const ExpireSession& expire) {
  using Field = proto::ExpireSession;
  w::put_fixed64(out, Field::kSessionFieldNumber, static_cast<std::uint64_t>(expire.session.value));
  w::put_number(out, Field::kOwnerFieldNumber, expire.owner.value);
}
void put(std::string& out, const wire::CreateRequest& create) {
  using Field = proto::Create;
  w::put_number(out, Field::kTypeFieldNumber, static_cast<std::int64_t>(create.type));
  put_text(out, Field::kPathFieldNumber, create.path);
  put_optional(out, Field::kDataFieldNumber, create.data);
  put_acl(out, Field::kAclFieldNumber, create.acl);
  put_signed(out, Field::kFlagsFieldNumber, create.flags);
  put_signed(out, Field::kTtlMsFieldNumber, create.ttl_ms);
}
void put(std::string& out, const wire::DeleteRequest& remove) {
  put_text(out, proto::Delete::kPathFieldNumber, remove.path);
  put_signed(out, proto::Delete::kVersionFieldNumber, remove.version);
}
void put(std::string& out, const wire::SetDataRequest& set) {
  using Field = proto::SetData;
  put_text(out, Field::kPathFieldNumber, set.path);
  put_optional(out, Field::kDataFieldNumber, set.data);
  put_signed(out, Field::kVersionFieldNumber, set.version);
}
void put(std::string& out, const wire::SetAclRequest& set) {
  put_text(out, proto::SetAcl::kPathFieldNumber, set.path);
  put_acl(out, proto::SetAcl::kAclFieldNumber, set.acl);
  put_signed(out, proto::SetAcl::kVersionFieldNumber, set.version);
}
void put(std::string& out, const wire::CheckVersionRequest& check) {
  put_text(out, proto::CheckVersion::kPathFieldNumber, check.path);
  put_signed(out, proto::CheckVersion::kVersionFieldNumber, check.version);
}

int field_of(const wire::MultiOp& op) {
  using Field = proto::MultiOp;
  constexpr int fields[] = {Field::kCreateFieldNumber, Field::kDeleteFieldNumber, Field::kSetDataFieldNumber,
                            Field::kCheckFieldNumber};
  static_assert(std::size(fields) == std::variant_size_v<wire::MultiOp>);
  return fields[op.index()];
}
void put(std::string& out, const wire::MultiRequest& multi) {
  for (const wire::MultiOp& op : multi.ops) {
    w::put_message(out, proto::Multi::kOpsFieldNumber, [&](std::string& one) {
      w::put_message(one, field_of(op), [&](std::string& body) {
        std::visit([&](const auto& request) { put(body, request); }, op);
      });
    });
  }
}

int field_of(const Operation& operation) {
  using Field = proto::Command;
  constexpr int fields[] = {Field::kOpenFieldNumber,    Field::kAttachFieldNumber, Field::kCloseFieldNumber,
                            Field::kExpireFieldNumber,  Field::kCreateFieldNumber, Field::kDeleteFieldNumber,
                            Field::kSetDataFieldNumber, Field::kSetAclFieldNumber, Field::kMultiFieldNumber};
  static_assert(std::size(fields) == std::variant_size_v<Operation>);
  return fields[operation.index()];
}

}  // namespace

std::string encode(const Command& command) {
  using Field = proto::Command;
  std::string out;
  out.reserve(256);
  w::put_fixed64(out, Field::kSessionFieldNumber, static_cast<std::uint64_t>(command.session.value));
  w::put_number(out, Field::kOwnerFieldNumber, command.owner.value);
  put_signed(out, Field::kXidFieldNumber, command.xid.value);
  for (const AuthId& id : command.identities)
    w::put_message(out, Field::kIdentitiesFieldNumber, [&](std::string& one) { put(one, id); });
  w::put_message(out, field_of(command.operation), [&](std::string& body) {
    std::visit([&](const auto& operation) { put(body, operation); }, command.operation);
  });
  return out;
}

}  // namespace muster::tree
