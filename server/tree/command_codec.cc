// The bytes of a Command: proto/entry.proto. Only this file knows both.
#include <google/protobuf/arena.h>

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "common/check.h"
#include "proto/entry.pb.h"
#include "server/tree/command.h"

namespace muster::tree {
namespace {

// ---- to bytes

void fill(proto::AuthId& out, const AuthId& id) {
  if (id.scheme) out.set_scheme(*id.scheme);
  if (id.id) out.set_id(*id.id);
}

void fill(proto::AclList& out, const std::vector<Acl>& acl) {
  for (const Acl& entry : acl) {
    proto::Acl& to = *out.add_entries();
    to.set_perms(entry.perms);
    fill(*to.mutable_who(), entry.who);
  }
}

void fill(proto::Create& out, const wire::CreateRequest& create) {
  out.set_type(static_cast<std::int32_t>(create.type));
  out.set_path(create.path);
  if (create.data) out.set_data(*create.data);
  if (create.acl) fill(*out.mutable_acl(), *create.acl);
  out.set_flags(create.flags);
  out.set_ttl_ms(create.ttl_ms);
}

void fill(proto::Delete& out, const wire::DeleteRequest& remove) {
  out.set_path(remove.path);
  out.set_version(remove.version);
}

void fill(proto::SetData& out, const wire::SetDataRequest& set) {
  out.set_path(set.path);
  if (set.data) out.set_data(*set.data);
  out.set_version(set.version);
}

struct FillOp {
  proto::MultiOp& out;
  void operator()(const wire::CreateRequest& op) const { fill(*out.mutable_create(), op); }
  void operator()(const wire::DeleteRequest& op) const { fill(*out.mutable_delete_(), op); }
  void operator()(const wire::SetDataRequest& op) const { fill(*out.mutable_set_data(), op); }
  void operator()(const wire::CheckVersionRequest& op) const {
    out.mutable_check()->set_path(op.path);
    out.mutable_check()->set_version(op.version);
  }
};

struct FillOperation {
  proto::Command& out;
  void operator()(const OpenSession& op) const {
    proto::OpenSession& open = *out.mutable_open();
    open.set_server(op.server.value);
    open.set_timeout_ms(op.timeout_ms);
    open.set_remember(op.remember);
  }
  void operator()(const AttachSession& op) const {
    proto::AttachSession& attach = *out.mutable_attach();
    attach.set_session(op.session.value);
    attach.set_server(op.server.value);
    attach.set_timeout_ms(op.timeout_ms);
    attach.set_remember(op.remember);
  }
  void operator()(const CloseSession&) const { out.mutable_close(); }
  void operator()(const ExpireSession& op) const {
    out.mutable_expire()->set_session(op.session.value);
    out.mutable_expire()->set_owner(op.owner.value);
  }
  void operator()(const wire::CreateRequest& op) const { fill(*out.mutable_create(), op); }
  void operator()(const wire::DeleteRequest& op) const { fill(*out.mutable_delete_(), op); }
  void operator()(const wire::SetDataRequest& op) const { fill(*out.mutable_set_data(), op); }
  void operator()(const wire::SetAclRequest& op) const {
    out.mutable_set_acl()->set_path(op.path);
    if (op.acl) fill(*out.mutable_set_acl()->mutable_acl(), *op.acl);
    out.mutable_set_acl()->set_version(op.version);
  }
  void operator()(const wire::MultiRequest& op) const {
    proto::Multi& multi = *out.mutable_multi();
    for (const wire::MultiOp& one : op.ops) std::visit(FillOp{*multi.add_ops()}, one);
  }
};

// ---- from bytes. The parsed message is ours, so its strings are moved out. Nothing: a value that is no
// command.

AuthId take(proto::AuthId& from) {
  AuthId id;
  if (from.has_scheme()) id.scheme = std::move(*from.mutable_scheme());
  if (from.has_id()) id.id = std::move(*from.mutable_id());
  return id;
}

std::vector<Acl> take(proto::AclList& from) {
  std::vector<Acl> acl;
  acl.reserve(static_cast<std::size_t>(from.entries_size()));
  for (proto::Acl& entry : *from.mutable_entries())
    acl.push_back({entry.perms(), take(*entry.mutable_who())});
  return acl;
}

bool is_create(std::int32_t type) {
  using wire::OpCode;
  const auto code = static_cast<OpCode>(type);
  return code == OpCode::create || code == OpCode::create2 || code == OpCode::create_container ||
         code == OpCode::create_ttl;
}

std::optional<wire::CreateRequest> take(proto::Create& from) {
  if (!is_create(from.type())) return std::nullopt;
  wire::CreateRequest create;
  create.type = static_cast<wire::OpCode>(from.type());
  create.path = std::move(*from.mutable_path());
  if (from.has_data()) create.data = std::move(*from.mutable_data());
  if (from.has_acl()) create.acl = take(*from.mutable_acl());
  create.flags = from.flags();
  create.ttl_ms = from.ttl_ms();
  return create;
}

wire::DeleteRequest take(proto::Delete& from) { return {std::move(*from.mutable_path()), from.version()}; }

wire::SetDataRequest take(proto::SetData& from) {
  wire::SetDataRequest set;
  set.path = std::move(*from.mutable_path());
  if (from.has_data()) set.data = std::move(*from.mutable_data());
  set.version = from.version();
  return set;
}

wire::SetAclRequest take(proto::SetAcl& from) {
  wire::SetAclRequest set;
  set.path = std::move(*from.mutable_path());
  if (from.has_acl()) set.acl = take(*from.mutable_acl());
  set.version = from.version();
  return set;
}

std::optional<wire::MultiOp> take(proto::MultiOp& from) {
  switch (from.op_case()) {
    case proto::MultiOp::kCreate:
      return take(*from.mutable_create());
    case proto::MultiOp::kDelete:
      return take(*from.mutable_delete_());
    case proto::MultiOp::kSetData:
      return take(*from.mutable_set_data());
    case proto::MultiOp::kCheck:
      return wire::CheckVersionRequest{std::move(*from.mutable_check()->mutable_path()),
                                       from.check().version()};
    case proto::MultiOp::OP_NOT_SET:
      break;
  }
  return std::nullopt;
}

std::optional<wire::MultiRequest> take(proto::Multi& from) {
  wire::MultiRequest multi;
  multi.ops.reserve(static_cast<std::size_t>(from.ops_size()));
  for (proto::MultiOp& op : *from.mutable_ops()) {
    auto taken = take(op);
    if (!taken) return std::nullopt;
    multi.ops.push_back(std::move(*taken));
  }
  return multi;
}

std::optional<Operation> take_operation(proto::Command& from) {
  switch (from.operation_case()) {
    case proto::Command::kOpen:
      return OpenSession{ServerId{from.open().server()}, from.open().timeout_ms(), from.open().remember()};
    case proto::Command::kAttach:
      return AttachSession{SessionId{from.attach().session()}, ServerId{from.attach().server()},
                           from.attach().timeout_ms(), from.attach().remember()};
    case proto::Command::kClose:
      return CloseSession{};
    case proto::Command::kExpire:
      return ExpireSession{SessionId{from.expire().session()}, Zxid{from.expire().owner()}};
    case proto::Command::kCreate:
      return take(*from.mutable_create());
    case proto::Command::kDelete:
      return take(*from.mutable_delete_());
    case proto::Command::kSetData:
      return take(*from.mutable_set_data());
    case proto::Command::kSetAcl:
      return take(*from.mutable_set_acl());
    case proto::Command::kMulti:
      return take(*from.mutable_multi());
    case proto::Command::OPERATION_NOT_SET:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string encode(const Command& command) {
  char room[2048];
  google::protobuf::ArenaOptions options;
  options.initial_block = room;
  options.initial_block_size = sizeof room;
  google::protobuf::Arena arena(options);
  auto& message = *google::protobuf::Arena::CreateMessage<proto::Command>(&arena);
  message.set_session(command.session.value);
  message.set_owner(command.owner.value);
  message.set_xid(command.xid.value);
  for (const AuthId& id : command.identities) fill(*message.add_identities(), id);
  std::visit(FillOperation{message}, command.operation);
  std::string bytes;
  CHECK(message.SerializeToString(&bytes),
        "a command fits a protobuf message: a frame's limit is far below its 2 GiB");
  return bytes;
}

Result<Command> decode_command(std::string_view bytes) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error{"the entry's command is too long"};
  }
  char room[2048];
  google::protobuf::ArenaOptions options;
  options.initial_block = room;
  options.initial_block_size = sizeof room;
  google::protobuf::Arena arena(options);
  auto& message = *google::protobuf::Arena::CreateMessage<proto::Command>(&arena);
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error{"the entry's command is no Command message"};
  }
  auto operation = take_operation(message);
  if (!operation) return Error{"the entry's command names no operation that this release knows"};
  Command command;
  command.session = SessionId{message.session()};
  command.owner = Zxid{message.owner()};
  command.xid = Xid{message.xid()};
  command.identities.reserve(static_cast<std::size_t>(message.identities_size()));
  for (proto::AuthId& id : *message.mutable_identities()) command.identities.push_back(take(id));
  command.operation = std::move(*operation);
  return command;
}

}  // namespace muster::tree
