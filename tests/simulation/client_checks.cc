// What a client holds against the model.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "tests/simulation/client.h"

namespace muster::simulation {
namespace {

const std::string* path_of(const wire::Request& request) {
  if (const auto* r = std::get_if<wire::GetDataRequest>(&request)) return &r->path;
  if (const auto* r = std::get_if<wire::ExistsRequest>(&request)) return &r->path;
  if (const auto* r = std::get_if<wire::GetChildrenRequest>(&request)) return &r->path;
  return nullptr;
}

}  // namespace

// A reply that shows the state at `zxid`.
void Client::see(Zxid zxid) {
  if (zxid < seen_)
    broken("zxid-monotone", fmt::format("{} saw {} and is now told {}", who(), seen_.value, zxid.value));
  if (zxid > world_.model.applied())
    broken("reply", fmt::format("{} is told {}, but only {} are committed", who(), zxid.value,
                                world_.model.applied().value));
  seen_ = zxid;
}

void Client::on_reply(const wire::ReplyHeader& header, std::string_view body) {
  if (in_flight_.empty() || in_flight_.front().xid != header.xid) {
    broken("replies-in-order", fmt::format("{} is answered xid {} and waits for {}", who(), header.xid.value,
                                           in_flight_.empty() ? 0 : in_flight_.front().xid.value));
  }
  const Request request = std::move(in_flight_.front());
  in_flight_.pop_front();
  wire::ReplyBody decoded;
  if (header.error == ErrorCode::ok) {
    auto result = wire::decode_reply_body(wire::type_of(request.request), body);
    if (!result) broken("codec", fmt::format("{} can't decode a reply: {}", who(), result.error().message));
    decoded = std::move(result.value());
  }
  world_.loop.note("answer",
                   {index_, header.xid.value, header.zxid.value, static_cast<std::int64_t>(header.error)});
  check(request, header, decoded);
  on_answer(request, {header.error, std::move(decoded)});
}

void Client::check(const Request& request, const wire::ReplyHeader& header, const wire::ReplyBody& body) {
  if (!request.token.empty()) return check_write(request, header, body);
  if (std::holds_alternative<wire::AuthRequest>(request.request)) return;  // answered with no zxid
  see(header.zxid);
  watches_.on_reply(world_.model, header.zxid);
  if (std::holds_alternative<wire::CloseSessionRequest>(request.request)) {
    if (world_.model.tree().session(session_))
      broken("reply", fmt::format("{} closed its session, which lives on", who()));
    return forget_session();
  }
  check_read(request, header, body);
}

void Client::check_write(const Request& request, const wire::ReplyHeader& header,
                         const wire::ReplyBody& body) {
  if (header.error == ErrorCode::operation_timeout) return check_refusal(request, header);
  if (header.zxid.value <= 0 || header.zxid > world_.model.applied()) {
    broken("reply", fmt::format("{}'s write {} is answered {} with zxid {}", who(), request.token,
                                static_cast<int>(header.error), header.zxid.value));
  }
  const Model::Applied& applied = world_.model.at(header.zxid);
  if (applied.token != request.token) {
    broken("reply", fmt::format("{}'s write {} is answered with entry {}, which is {}", who(), request.token,
                                header.zxid.value, applied.token));
  }
  const wire::Reply& expected = applied.outcome.reply;
  if (header.error != expected.error || (header.error == ErrorCode::ok && !(body == expected.body))) {
    broken("reply",
           fmt::format("{}'s write {} is answered {}, its entry {} gave {}", who(), request.token,
                       static_cast<int>(header.error), header.zxid.value, static_cast<int>(expected.error)));
  }
  if (world_.model.effects(request.token) != 1) {
    broken("exactly-once", fmt::format("{}'s write {} is acknowledged and was applied {} times", who(),
                                       request.token, world_.model.effects(request.token)));
  }
  if (header.zxid <= request.committed_before) {
    broken("sync", fmt::format("{}'s write {} at {} was sent when {} was committed", who(), request.token,
                               header.zxid.value, request.committed_before.value));
  }
  ++counts_.acks;
  if (header.zxid <= request.committed_when_resent) ++counts_.retold;
  if (request.committed_when_resent == Zxid{} || header.zxid >= seen_) {
    see(header.zxid);
    watches_.on_reply(world_.model, header.zxid);
  }
  if (header.error == ErrorCode::ok) remember_own(body);
}

// No quorum has room. One that is sent again may have been applied before.
void Client::check_refusal(const Request& request, const wire::ReplyHeader& header) {
  world_.loop.mark("write refused for lack of room");
  see(header.zxid);
  watches_.on_reply(world_.model, header.zxid);
  if (request.committed_when_resent == Zxid{} && world_.model.effects(request.token) != 0)
    broken("refusal", fmt::format("{}'s write {} is refused and was applied", who(), request.token));
}

void Client::remember_own(const wire::ReplyBody& body) {
  if (const auto* stat = std::get_if<wire::StatReply>(&body)) last_version_ = stat->stat.version;
  std::string path;
  if (const auto* created = std::get_if<wire::CreateReply>(&body)) path = created->path;
  if (const auto* created = std::get_if<wire::Create2Reply>(&body)) path = created->path;
  if (std::count(path.begin(), path.end(), '/') == 2) own_.push_back(path);
  if (own_.size() > 30) own_.pop_front();
}

void Client::check_read(const Request& request, const wire::ReplyHeader& header,
                        const wire::ReplyBody& body) {
  ++counts_.reads;
  if (std::holds_alternative<wire::SyncRequest>(request.request)) {
    if (header.error != ErrorCode::ok || header.zxid < request.committed_before) {
      broken("sync",
             fmt::format("{}'s sync is answered {} at {}; {} was committed before", who(),
                         static_cast<int>(header.error), header.zxid.value, request.committed_before.value));
    }
    return;
  }
  if (const auto* watch = std::get_if<wire::AddWatchRequest>(&request.request)) {
    if (header.error != ErrorCode::ok)
      broken("reply", fmt::format("{}'s addWatch is answered {}", who(), static_cast<int>(header.error)));
    return watches_.armed_persistent(watch->path, header.zxid);
  }
  if (const auto* ephemerals = std::get_if<wire::EphemeralsReply>(&body))
    return check_ephemerals(*ephemerals, header.zxid);
  const std::string* path = path_of(request.request);
  if (path == nullptr) return;
  if (const auto* reply = std::get_if<wire::GetDataReply>(&body)) {
    check_node(*path, header, &reply->data, &reply->stat, nullptr);
    last_version_ = reply->stat.version;
  } else if (const auto* exists = std::get_if<wire::StatReply>(&body)) {
    check_node(*path, header, nullptr, &exists->stat, nullptr);
  } else if (const auto* names = std::get_if<wire::ChildrenReply>(&body)) {
    check_node(*path, header, nullptr, nullptr, &names->children);
  } else if (const auto* both = std::get_if<wire::Children2Reply>(&body)) {
    check_node(*path, header, nullptr, &both->stat, &both->children);
  } else {
    check_node(*path, header, nullptr, nullptr, nullptr);
  }
  arm(request, header);
}

void Client::check_node(const std::string& path, const wire::ReplyHeader& header,
                        const std::optional<std::string>* data, const Stat* stat,
                        const std::vector<std::string>* children) const {
  const Model::Version* version = world_.model.version(path, header.zxid);
  const bool there = version != nullptr && version->node.has_value();
  const ErrorCode expected = there ? ErrorCode::ok : ErrorCode::no_node;
  const bool same =
      header.error == expected && (!there || ((data == nullptr || *data == version->node->data) &&
                                              (stat == nullptr || *stat == version->node->stat)));
  bool same_children = true;
  if (there && children != nullptr) {
    std::vector<std::string> sorted = *children;
    std::sort(sorted.begin(), sorted.end());
    same_children = hash_of(sorted) == version->children;
  }
  if (!same || !same_children) {
    broken("reply",
           fmt::format("{} reads {} at {} and gets {}, which is not the state there ({}, version of {})",
                       who(), path, header.zxid.value, static_cast<int>(header.error),
                       there ? "exists" : "absent", version == nullptr ? 0 : version->zxid.value));
  }
}

// Those listed are all that the session has: judged only when the model stands where the server stood.
void Client::check_ephemerals(const wire::EphemeralsReply& reply, Zxid zxid) const {
  if (zxid != world_.model.applied()) return;
  std::vector<std::string> paths = reply.paths;
  std::sort(paths.begin(), paths.end());
  if (paths != world_.model.tree().ephemerals(session_))
    broken("ephemerals", fmt::format("{} is told of {} ephemerals at {}, it has {}", who(), paths.size(),
                                     zxid.value, world_.model.tree().ephemerals(session_).size()));
}

void Client::arm(const Request& request, const wire::ReplyHeader& header) {
  using Kind = ClientWatches::Kind;
  const bool ok = header.error == ErrorCode::ok;
  if (const auto* get = std::get_if<wire::GetDataRequest>(&request.request)) {
    if (get->watch && ok) watches_.armed(get->path, Kind::data, header.zxid);
  } else if (const auto* exists = std::get_if<wire::ExistsRequest>(&request.request)) {
    if (exists->watch && (ok || header.error == ErrorCode::no_node))
      watches_.armed(exists->path, Kind::data, header.zxid);
  } else if (const auto* names = std::get_if<wire::GetChildrenRequest>(&request.request)) {
    if (names->watch && ok) watches_.armed(names->path, Kind::child, header.zxid);
  }
}

}  // namespace muster::simulation
