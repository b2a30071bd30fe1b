#include <muster/path.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "common/check.h"
#include "common/mutant.h"
#include "server/tree/ops.h"

namespace muster::tree {
namespace {

// What ZooKeeper refuses as a whole, before any operation is looked at.
bool is_malformed(const wire::MultiOp& op) {
  const auto* create = std::get_if<wire::CreateRequest>(&op);
  if (create == nullptr) return false;
  const bool ttl =
      create->flags == wire::create_flags::ttl || create->flags == wire::create_flags::ttl_sequential;
  return !create->acl || (ttl && create->type != wire::OpCode::create_ttl);
}

// The type under which the result travels. ZooKeeper has no other for containers and TTL than that of
// create2.
wire::OpCode result_type(const wire::MultiOp& op) {
  struct Type {
    wire::OpCode operator()(const wire::CreateRequest& create) const {
      return create.type == wire::OpCode::create ? wire::OpCode::create : wire::OpCode::create2;
    }
    wire::OpCode operator()(const wire::DeleteRequest&) const { return wire::OpCode::remove; }
    wire::OpCode operator()(const wire::SetDataRequest&) const { return wire::OpCode::set_data; }
    wire::OpCode operator()(const wire::CheckVersionRequest&) const { return wire::OpCode::check; }
  };
  return std::visit(Type{}, op);
}

wire::MultiResult result_of(const wire::MultiOp& op, wire::Reply reply) {
  wire::MultiResult result;
  result.type = result_type(op);
  if (auto* create = std::get_if<wire::CreateReply>(&reply.body)) result.body = std::move(*create);
  if (auto* create2 = std::get_if<wire::Create2Reply>(&reply.body)) result.body = std::move(*create2);
  if (auto* stat = std::get_if<wire::StatReply>(&reply.body)) result.body = *stat;
  return result;
}

wire::Reply failed(std::size_t count, std::size_t at, ErrorCode error) {
  wire::MultiReply reply;
  reply.results.resize(count);
  for (std::size_t i = at; i < count; ++i) {
    reply.results[i].error = i == at ? error : ErrorCode::runtime_inconsistency;
  }
  return {ErrorCode::ok, std::move(reply)};
}

void take_back(Scene& scene, Undo& undo) {
  Nodes& nodes = scene.nodes;
  const NodeId id = undo.node;
  if (undo.step == Undo::Step::changed) {
    const Nodes::Edit node = nodes.edit(id);
    node->block = std::move(undo.block);
    node->mzxid = undo.mzxid;
    node->mtime = undo.mtime;
    node->version = undo.version;
    return;
  }
  const NodeId parent = nodes.at(id).parent;
  const bool ephemeral = nodes.at(id).kind == NodeKind::ephemeral;
  const SessionId owner = nodes.at(id).owner();
  const std::string path = nodes.path_of(id);
  const Nodes::Edit above = nodes.edit(parent, parent_of(path));
  if (undo.step == Undo::Step::created) {
    if (ephemeral) scene.sessions.drop_ephemeral(owner, id);
    nodes.detach(above, id, path);
    nodes.release(id);
  } else {
    nodes.attach(above, id, path);
    if (ephemeral) scene.sessions.add_ephemeral(owner, id);
  }
  Rare& of_parent = above->with_rare();
  of_parent.pzxid = undo.parent_pzxid;
  of_parent.creates = undo.parent_creates;
}

}  // namespace

wire::Reply run(Scene& scene, const wire::MultiRequest& request) {
  if (std::any_of(request.ops.begin(), request.ops.end(), is_malformed))
    return {ErrorCode::marshalling_error, {}};
  const std::uint64_t digest_before = scene.nodes.digest();
  std::vector<Undo> done;
  scene.undo = &done;
  wire::MultiReply reply;
  reply.results.reserve(request.ops.size());
  for (std::size_t i = 0; i < request.ops.size(); ++i) {
    wire::Reply answer = std::visit([&](const auto& op) { return run(scene, op); }, request.ops[i]);
    if (answer.error != ErrorCode::ok) {
      if (mutant(Mutant::multi_not_undone)) done.clear();
      std::for_each(done.rbegin(), done.rend(), [&](Undo& undo) { take_back(scene, undo); });
      CHECK(scene.nodes.digest() == digest_before, "a failed multi leaves the tree as it was");
      scene.changes.clear();
      scene.undo = nullptr;
      return failed(request.ops.size(), i, answer.error);
    }
    reply.results.push_back(result_of(request.ops[i], std::move(answer)));
  }
  scene.undo = nullptr;
  for (const Undo& undo : done) {
    if (undo.step == Undo::Step::deleted) scene.nodes.release(undo.node);
  }
  return {ErrorCode::ok, std::move(reply)};
}

}  // namespace muster::tree
