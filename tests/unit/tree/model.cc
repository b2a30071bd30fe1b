#include "tests/unit/tree/model.h"

#include <muster/path.h>

#include <algorithm>
#include <cstdio>

namespace muster::tree::test {
namespace {

wire::Reply no(ErrorCode error) { return {error, {}}; }

bool may(const ModelNode& node, std::int32_t permission, const std::vector<AuthId>& who) {
  for (const AuthId& id : who) {
    if (id.scheme == "super") return true;
  }
  for (const Acl& acl : node.acl) {
    if ((acl.perms & permission) == 0) continue;
    if (acl.who.scheme == "world") return true;
    if (std::find(who.begin(), who.end(), acl.who) != who.end()) return true;
  }
  return false;
}

// Knows the kinds of entries that the tests make up: world:anyone, auth, digest:user:hash, ip:1.2.3.4; all
// others are invalid.
std::optional<std::vector<Acl>> expand(const std::optional<std::vector<Acl>>& asked,
                                       const std::vector<AuthId>& who) {
  std::vector<Acl> unique;
  for (const Acl& acl : asked.value_or(std::vector<Acl>{})) {
    if (std::count(unique.begin(), unique.end(), acl) == 0) unique.push_back(acl);
  }
  std::vector<Acl> result;
  for (const Acl& acl : unique) {
    const std::string scheme = acl.who.scheme.value_or("");
    if (scheme == "auth") {
      bool any = false;
      for (const AuthId& id : who) {
        if (id.scheme == "digest") result.push_back({acl.perms, id});
        any = any || id.scheme == "digest";
      }
      if (!any) return std::nullopt;
    } else if (scheme == "world" || scheme == "digest" || scheme == "ip") {
      result.push_back(acl);
    } else {
      return std::nullopt;
    }
  }
  if (result.empty()) return std::nullopt;
  return result;
}

std::string parent_text(const std::string& path) {
  const std::string head = path.substr(0, path.rfind('/'));
  return head.empty() ? "/" : head;
}

bool differs(std::int32_t wanted, std::int32_t actual) { return wanted != -1 && wanted != actual; }

}  // namespace

Model::Model() {
  const auto add = [&](const std::string& path) -> ModelNode& {
    ModelNode& node = nodes_[path];
    node.data = "";
    node.acl = open_acl();
    return node;
  };
  add("/").children = {"zookeeper"};
  add("/zookeeper").children = {"config", "quota"};
  add("/zookeeper/quota");
  add("/zookeeper/config").acl = {{perm::read, {"world", "anyone"}}};
  nodes_["/zookeeper/config"].stat.aversion = -1;
}

Stat Model::stat(const std::string& path) const {
  const ModelNode& node = nodes_.at(path);
  Stat stat = node.stat;
  stat.num_children = static_cast<std::int32_t>(node.children.size());
  stat.cversion = static_cast<std::int32_t>(2 * node.creates - stat.num_children);
  stat.data_length = static_cast<std::int32_t>(node.data.value_or("").size());
  return stat;
}

std::vector<std::string> Model::ephemerals(SessionId session) const {
  std::vector<std::string> paths;
  for (const auto& [path, node] : nodes_) {
    if (node.ephemeral && node.stat.ephemeral_owner == session) paths.push_back(path);
  }
  return paths;
}

ModelOutcome Model::apply(const Stamp& stamp, const Command& command) {
  stamp_ = stamp;
  changes_.clear();
  ModelOutcome outcome;
  outcome.zxid = stamp.zxid;
  if (const auto* open = std::get_if<OpenSession>(&command.operation)) {
    const SessionId id{static_cast<std::int64_t>((static_cast<std::uint64_t>(open->server.value) << 56) +
                                                 static_cast<std::uint64_t>(stamp.zxid.value))};
    sessions_[id] = {{id, stamp.zxid, open->server, open->timeout_ms}, open->remember, {}};
    outcome.event = SessionEvent::Kind::opened;
    return outcome;
  }
  if (const auto* attach = std::get_if<AttachSession>(&command.operation)) {
    const auto found = sessions_.find(attach->session);
    if (found == sessions_.end()) {
      outcome.reply = no(ErrorCode::session_expired);
      return outcome;
    }
    ModelSession& session = found->second;
    session.session = {attach->session, stamp.zxid, attach->server, attach->timeout_ms};
    session.remember = attach->remember;
    while (static_cast<std::int32_t>(session.outcomes.size()) > session.remember) {
      session.outcomes.erase(session.outcomes.begin());
    }
    outcome.event = SessionEvent::Kind::attached;
    return outcome;
  }
  if (const auto* expire = std::get_if<ExpireSession>(&command.operation)) {
    const auto found = sessions_.find(expire->session);
    if (found == sessions_.end() || found->second.session.owner != expire->owner) {
      outcome.reply = no(ErrorCode::session_expired);
      return outcome;
    }
    end(expire->session);
    outcome.event = SessionEvent::Kind::closed;
    outcome.changes = changes_;
    return outcome;
  }
  const auto found = sessions_.find(command.session);
  if (found == sessions_.end() || found->second.session.owner != command.owner) {
    outcome.fate = found == sessions_.end() ? Fate::dead : Fate::moved;
    return outcome;
  }
  if (std::holds_alternative<CloseSession>(command.operation)) {
    end(command.session);
    outcome.event = SessionEvent::Kind::closed;
    outcome.changes = changes_;
    return outcome;
  }
  auto& outcomes = found->second.outcomes;
  const auto known = outcomes.find(command.xid.value);
  if (known != outcomes.end()) {
    outcome.zxid = known->second.first;
    outcome.reply = known->second.second;
    return outcome;
  }
  if (!outcomes.empty() && command.xid.value < outcomes.begin()->first) {
    outcome.reply = no(ErrorCode::data_inconsistency);
    return outcome;
  }
  outcome.reply = write(command, command.operation, false);
  outcome.changes = changes_;
  if (found->second.remember > 0) {
    outcomes[command.xid.value] = {stamp.zxid, outcome.reply};
    if (static_cast<std::int32_t>(outcomes.size()) > found->second.remember) outcomes.erase(outcomes.begin());
  }
  return outcome;
}

wire::Reply Model::write(const Command& command, const Operation& operation, bool in_multi) {
  if (const auto* op = std::get_if<wire::CreateRequest>(&operation)) return create(command, *op, in_multi);
  if (const auto* op = std::get_if<wire::DeleteRequest>(&operation)) return remove(command, *op);
  if (const auto* op = std::get_if<wire::SetDataRequest>(&operation)) return set_data(command, *op);
  if (const auto* op = std::get_if<wire::SetAclRequest>(&operation)) return set_acl(command, *op);
  return multi(command, std::get<wire::MultiRequest>(operation));
}

wire::Reply Model::create(const Command& command, const wire::CreateRequest& request, bool in_multi) {
  using wire::OpCode;
  if (request.flags < 0 || request.flags > 6) return no(ErrorCode::bad_arguments);
  if (request.flags == 5 || request.flags == 6) return no(ErrorCode::unimplemented);
  if (request.type == OpCode::create_ttl) return no(ErrorCode::bad_arguments);
  std::string path = request.path;
  if (path.find('/') == std::string::npos || path.find('\0') != std::string::npos)
    return no(ErrorCode::bad_arguments);
  const auto acl = expand(request.acl, command.identities);
  if (!acl) return no(ErrorCode::invalid_acl);
  const auto parent = nodes_.find(parent_text(path));
  if (parent == nodes_.end()) return no(ErrorCode::no_node);
  if (!may(parent->second, perm::create, command.identities)) return no(ErrorCode::no_auth);
  if (request.flags == 2 || request.flags == 3) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%010lld", static_cast<long long>(parent->second.creates));
    path += digits;
  }
  if (!is_valid_path(path)) return no(ErrorCode::bad_arguments);
  if (nodes_.count(path) > 0) return no(ErrorCode::node_exists);
  if (parent->second.ephemeral) return no(ErrorCode::no_children_for_ephemerals);

  ModelNode node;
  node.data = request.data;
  node.acl = *acl;
  node.stat.czxid = node.stat.mzxid = node.stat.pzxid = stamp_.zxid;
  node.stat.ctime = node.stat.mtime = stamp_.time_ms;
  const bool container = request.type == OpCode::create_container || (in_multi && request.flags == 4);
  node.ephemeral = !container && (request.flags == 1 || request.flags == 3);
  if (node.ephemeral) node.stat.ephemeral_owner = command.session;
  nodes_[path] = node;
  parent->second.children.insert(std::string(name_of(path)));
  parent->second.creates++;
  parent->second.stat.pzxid = stamp_.zxid;
  changes_.emplace_back(ChangeKind::created, path);
  changes_.emplace_back(ChangeKind::children, parent->first);
  if (request.type == OpCode::create) return {ErrorCode::ok, wire::CreateReply{path}};
  return {ErrorCode::ok, wire::Create2Reply{path, stat(path)}};
}

void Model::erase(const std::string& path) {
  ModelNode& parent = nodes_.at(parent_text(path));
  parent.children.erase(std::string(name_of(path)));
  parent.stat.pzxid = stamp_.zxid;
  nodes_.erase(path);
  changes_.emplace_back(ChangeKind::deleted, path);
  changes_.emplace_back(ChangeKind::children, parent_text(path));
}

wire::Reply Model::remove(const Command& command, const wire::DeleteRequest& request) {
  const std::string& path = request.path;
  const std::set<std::string> reserved{"/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"};
  if (path.find('/') == std::string::npos || path.find('\0') != std::string::npos ||
      reserved.count(path) > 0) {
    return no(ErrorCode::bad_arguments);
  }
  const auto parent = nodes_.find(parent_text(path));
  if (parent == nodes_.end()) return no(ErrorCode::no_node);
  if (!may(parent->second, perm::remove, command.identities)) return no(ErrorCode::no_auth);
  const auto node = nodes_.find(path);
  if (node == nodes_.end()) return no(ErrorCode::no_node);
  if (differs(request.version, node->second.stat.version)) return no(ErrorCode::bad_version);
  if (!node->second.children.empty()) return no(ErrorCode::not_empty);
  erase(path);
  return {};
}

wire::Reply Model::set_data(const Command& command, const wire::SetDataRequest& request) {
  if (!is_valid_path(request.path)) return no(ErrorCode::bad_arguments);
  const auto node = nodes_.find(request.path);
  if (node == nodes_.end()) return no(ErrorCode::no_node);
  if (!may(node->second, perm::write, command.identities)) return no(ErrorCode::no_auth);
  if (differs(request.version, node->second.stat.version)) return no(ErrorCode::bad_version);
  node->second.data = request.data;
  node->second.stat.version++;
  node->second.stat.mzxid = stamp_.zxid;
  node->second.stat.mtime = stamp_.time_ms;
  changes_.emplace_back(ChangeKind::data, request.path);
  return {ErrorCode::ok, wire::StatReply{stat(request.path)}};
}

wire::Reply Model::set_acl(const Command& command, const wire::SetAclRequest& request) {
  if (!is_valid_path(request.path)) return no(ErrorCode::bad_arguments);
  const auto acl = expand(request.acl, command.identities);
  if (!acl) return no(ErrorCode::invalid_acl);
  const auto node = nodes_.find(request.path);
  if (node == nodes_.end()) return no(ErrorCode::no_node);
  if (!may(node->second, perm::admin, command.identities)) return no(ErrorCode::no_auth);
  if (differs(request.version, node->second.stat.aversion)) return no(ErrorCode::bad_version);
  node->second.acl = *acl;
  node->second.stat.aversion++;
  return {ErrorCode::ok, wire::StatReply{stat(request.path)}};
}

wire::Reply Model::check(const Command& command, const wire::CheckVersionRequest& request) {
  if (!is_valid_path(request.path)) return no(ErrorCode::bad_arguments);
  const auto node = nodes_.find(request.path);
  if (node == nodes_.end()) return no(ErrorCode::no_node);
  if (!may(node->second, perm::read, command.identities)) return no(ErrorCode::no_auth);
  if (differs(request.version, node->second.stat.version)) return no(ErrorCode::bad_version);
  return {};
}

wire::Reply Model::multi(const Command& command, const wire::MultiRequest& request) {
  using wire::OpCode;
  for (const wire::MultiOp& op : request.ops) {
    const auto* create = std::get_if<wire::CreateRequest>(&op);
    if (create == nullptr) continue;
    if (!create->acl) return no(ErrorCode::marshalling_error);
    if (create->type != OpCode::create_ttl && (create->flags == 5 || create->flags == 6)) {
      return no(ErrorCode::marshalling_error);
    }
  }
  const auto before = nodes_;
  wire::MultiReply result;
  for (std::size_t i = 0; i < request.ops.size(); ++i) {
    wire::Reply reply;
    wire::MultiResult one;
    if (const auto* op = std::get_if<wire::CreateRequest>(&request.ops[i])) {
      reply = create(command, *op, true);
      one.type = op->type == OpCode::create ? OpCode::create : OpCode::create2;
      if (reply.error == ErrorCode::ok && one.type == OpCode::create)
        one.body = std::get<wire::CreateReply>(reply.body);
      if (reply.error == ErrorCode::ok && one.type == OpCode::create2)
        one.body = std::get<wire::Create2Reply>(reply.body);
    } else if (const auto* erase_op = std::get_if<wire::DeleteRequest>(&request.ops[i])) {
      reply = remove(command, *erase_op);
      one.type = OpCode::remove;
    } else if (const auto* set = std::get_if<wire::SetDataRequest>(&request.ops[i])) {
      reply = set_data(command, *set);
      one.type = OpCode::set_data;
      if (reply.error == ErrorCode::ok) one.body = std::get<wire::StatReply>(reply.body);
    } else {
      reply = check(command, std::get<wire::CheckVersionRequest>(request.ops[i]));
      one.type = OpCode::check;
    }
    if (reply.error != ErrorCode::ok) {
      nodes_ = before;
      changes_.clear();
      wire::MultiReply failure;
      for (std::size_t k = 0; k < request.ops.size(); ++k) {
        const ErrorCode error = k < i    ? ErrorCode::ok
                                : k == i ? reply.error
                                         : ErrorCode::runtime_inconsistency;
        failure.results.push_back({OpCode::error, error, {}});
      }
      return {ErrorCode::ok, failure};
    }
    result.results.push_back(one);
  }
  return {ErrorCode::ok, result};
}

void Model::end(SessionId session) {
  for (const std::string& path : ephemerals(session)) erase(path);
  sessions_.erase(session);
}

}  // namespace muster::tree::test
