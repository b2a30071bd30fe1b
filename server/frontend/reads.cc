#include "server/frontend/reads.h"

#include <optional>
#include <type_traits>

#include "common/check.h"
#include "common/mutant.h"
#include "common/wire/events.h"
#include "server/frontend/auth.h"

namespace muster::frontend {
namespace {

using watch::Kind;
using watch::Selector;
using wire::ErrorReply;
using wire::EventType;
using wire::Reply;

struct Executor {
  const Context& context;
  const Asker& asker;
  Traffic& traffic;
  std::string& out;

  const tree::Tree& tree() const { return context.tree; }

  void arm(std::string_view path, Kind kind) const {
    context.watches.add(asker.connection, path.empty() ? "/" : path, kind);
  }

  Reply operator()(const wire::ExistsRequest& request) const {
    Reply reply = tree().exists(request.path, asker.identities);
    // A watch on a missing node waits for its creation.
    if (request.watch && (reply.error == ErrorCode::ok || reply.error == ErrorCode::no_node))
      arm(request.path, Kind::data);
    return reply;
  }
  Reply operator()(const wire::GetDataRequest& request) const {
    Reply reply = tree().get_data(request.path, asker.identities);
    if (request.watch && reply.error == ErrorCode::ok) arm(request.path, Kind::data);
    return reply;
  }
  Reply operator()(const wire::GetChildrenRequest& request) const {
    Reply reply =
        tree().get_children(request.path, request.type == wire::OpCode::get_children2, asker.identities);
    if (request.watch && reply.error == ErrorCode::ok) arm(request.path, Kind::child);
    return reply;
  }
  Reply operator()(const wire::GetAclRequest& request) const {
    Reply reply = tree().get_acl(request.path, asker.identities);
    if (auto* body = std::get_if<wire::GetAclReply>(&reply.body)) {
      if (!tree::permitted(body->acl, perm::admin, asker.identities)) mask_digests(body->acl);
    }
    return reply;
  }
  Reply operator()(const wire::GetEphemeralsRequest& request) const {
    return tree().get_ephemerals(asker.session, request.prefix ? *request.prefix : std::string());
  }
  Reply operator()(const wire::GetAllChildrenNumberRequest& request) const {
    return tree().get_all_children_number(request.path, asker.identities);
  }

  Reply operator()(const wire::WhoAmIRequest&) const {
    wire::WhoAmIReply body;
    for (const AuthId& identity : asker.identities) body.ids.push_back({identity.scheme, user_of(identity)});
    return {ErrorCode::ok, std::move(body)};
  }

  // The watch flags inside a multiRead are ignored, as in ZooKeeper.
  Reply operator()(const wire::MultiReadRequest& request) const {
    wire::MultiReply body;
    for (const auto& op : request.ops) {
      wire::MultiResult result;
      if (const auto* get = std::get_if<wire::GetDataRequest>(&op)) {
        Reply reply = tree().get_data(get->path, asker.identities);
        result = result_of<wire::GetDataReply>(wire::OpCode::get_data, std::move(reply));
      } else {
        Reply reply =
            tree().get_children(std::get<wire::GetChildrenRequest>(op).path, false, asker.identities);
        result = result_of<wire::ChildrenReply>(wire::OpCode::get_children, std::move(reply));
      }
      body.results.push_back(std::move(result));
    }
    return {ErrorCode::ok, std::move(body)};
  }
  template <class Body>
  static wire::MultiResult result_of(wire::OpCode type, Reply reply) {
    if (reply.error != ErrorCode::ok) return {wire::OpCode::error, reply.error, {}};
    return {type, ErrorCode::ok, std::get<Body>(std::move(reply.body))};
  }

  Reply operator()(const wire::AddWatchRequest& request) const {
    if (request.mode != 0 && request.mode != 1) return {ErrorCode::marshalling_error, {}};
    arm(request.path, request.mode == 0 ? Kind::persistent : Kind::persistent_recursive);
    return {ErrorCode::ok, ErrorReply{0}};
  }
  Reply operator()(const wire::WatchesRequest& request) const {
    if (request.kind < static_cast<std::int32_t>(Selector::children) ||
        request.kind > static_cast<std::int32_t>(Selector::persistent_recursive))
      return {ErrorCode::marshalling_error, {}};
    const auto selector = static_cast<Selector>(request.kind);
    const bool found = request.type == wire::OpCode::remove_watches
                           ? context.watches.remove(asker.connection, request.path, selector)
                           : context.watches.contains(asker.connection, request.path, selector);
    return {found ? ErrorCode::ok : ErrorCode::no_watcher, {}};
  }

  // A client that was away names its watches and the last zxid it saw: each either has fired meanwhile or is
  // set again.
  Reply operator()(const wire::SetWatchesRequest& request) const {
    const Zxid seen = request.relative_zxid;
    for (const std::string& path : request.data) {
      const std::optional<Stat> stat = tree().stat(path);
      if (!stat)
        catch_up(EventType::node_deleted, path);
      else if (stat->mzxid > seen && !mutant(Mutant::watches_not_caught_up))
        catch_up(EventType::node_data_changed, path);
      else
        arm(path, Kind::data);
    }
    for (const std::string& path : request.exist) {
      if (tree().stat(path))
        catch_up(EventType::node_created, path);
      else
        arm(path, Kind::data);
    }
    for (const std::string& path : request.child) {
      const std::optional<Stat> stat = tree().stat(path);
      if (!stat)
        catch_up(EventType::node_deleted, path);
      else if (stat->pzxid > seen)
        catch_up(EventType::node_children_changed, path);
      else if (!mutant(Mutant::child_watches_not_armed))
        arm(path, Kind::child);
    }
    for (const std::string& path : request.persistent) arm(path, Kind::persistent);
    for (const std::string& path : request.persistent_recursive) arm(path, Kind::persistent_recursive);
    return {};
  }
  void catch_up(EventType type, std::string_view path) const {
    const std::size_t start = out.size();
    wire::append_event(out, Zxid{-1}, type, path);
    note_packet_sent(context.counters, traffic, out.size() - start);
  }

  template <class Other>
  Reply operator()(const Other&) const {
    CHECK((std::is_same_v<Other, void>), "only reads come here");
    return {};
  }
};

}  // namespace

wire::Reply execute(const Context& context, const Asker& asker, const wire::Request& request,
                    Traffic& traffic, std::string& out) {
  return std::visit(Executor{context, asker, traffic, out}, request);
}

}  // namespace muster::frontend
