#include "tests/fuzz/requests.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace muster::fuzz {
namespace {

using wire::OpCode;

std::int32_t version(Input& input) { return static_cast<std::int32_t>(input.pick(4)) - 1; }
std::int32_t any_int(Input& input) { return static_cast<std::int32_t>(input.number(4)); }

std::optional<std::string> data(Input& input) {
  if (input.pick(8) == 0) return std::nullopt;
  return input.text();
}

AuthId identity(Input& input) {
  switch (input.pick(6)) {
    case 0:
      return {"world", "anyone"};
    case 1:
      return {"auth", ""};
    case 2:
      return {"digest", "super:UFo9HKB6G2DvIWmsaH8LJwb3UNg="};
    case 3:
      return {"ip", input.text()};
    case 4:
      return {std::nullopt, std::nullopt};
    default:
      return {input.text(), input.text()};
  }
}

std::optional<std::vector<Acl>> acl(Input& input) {
  const std::size_t kind = input.pick(6);
  if (kind == 0) return std::nullopt;
  if (kind < 4) return open_acl();
  std::vector<Acl> list(input.pick(4));
  for (Acl& entry : list) entry = {static_cast<std::int32_t>(input.byte()), identity(input)};
  return list;
}

wire::CreateRequest create(Input& input) {
  static constexpr std::array types = {OpCode::create, OpCode::create2, OpCode::create_container,
                                       OpCode::create_ttl};
  wire::CreateRequest create;
  create.type = types[input.pick(types.size())];
  create.path = path(input);
  create.data = data(input);
  create.acl = acl(input);
  create.flags = static_cast<std::int32_t>(input.pick(8));
  if (create.type == OpCode::create_ttl) create.ttl_ms = static_cast<std::int64_t>(input.number(8));
  return create;
}
wire::DeleteRequest remove(Input& input) { return {path(input), version(input)}; }
wire::SetDataRequest set_data(Input& input) { return {path(input), data(input), version(input)}; }
wire::SetAclRequest set_acl(Input& input) { return {path(input), acl(input), version(input)}; }
wire::CheckVersionRequest check(Input& input) { return {path(input), version(input)}; }

wire::MultiRequest multi(Input& input) {
  wire::MultiRequest multi;
  for (std::size_t left = input.pick(6); left > 0; --left) {
    switch (input.pick(4)) {
      case 0:
        multi.ops.emplace_back(create(input));
        break;
      case 1:
        multi.ops.emplace_back(remove(input));
        break;
      case 2:
        multi.ops.emplace_back(set_data(input));
        break;
      default:
        multi.ops.emplace_back(check(input));
    }
  }
  return multi;
}

wire::MultiReadRequest multi_read(Input& input) {
  wire::MultiReadRequest multi;
  for (std::size_t left = input.pick(6); left > 0; --left) {
    if (input.flag()) {
      multi.ops.emplace_back(wire::GetDataRequest{path(input), false});
    } else {
      multi.ops.emplace_back(wire::GetChildrenRequest{OpCode::get_children, path(input), false});
    }
  }
  return multi;
}

std::vector<std::string> paths(Input& input) {
  std::vector<std::string> paths(input.pick(3));
  for (std::string& each : paths) each = path(input);
  return paths;
}

wire::SetWatchesRequest set_watches(Input& input) {
  wire::SetWatchesRequest set;
  set.type = input.flag() ? OpCode::set_watches2 : OpCode::set_watches;
  set.relative_zxid = Zxid{static_cast<std::int64_t>(input.byte())};
  set.data = paths(input);
  set.exist = paths(input);
  set.child = paths(input);
  if (set.type == OpCode::set_watches2) {
    set.persistent = paths(input);
    set.persistent_recursive = paths(input);
  }
  return set;
}

}  // namespace

std::string path(Input& input) {
  static constexpr std::array known = {"/a", "/a/b",       "/a/b/c",           "/e",
                                       "/",  "/zookeeper", "/zookeeper/quota", "/a/"};
  const std::size_t which = input.pick(known.size() + 2);
  if (which < known.size()) return known[which];
  return which == known.size() ? "/" + input.text() : input.text();
}

wire::Request request(Input& input) {
  switch (input.pick(22)) {
    case 0:
    case 1:
      return create(input);
    case 2:
      return remove(input);
    case 3:
      return set_data(input);
    case 4:
      return set_acl(input);
    case 5:
      return multi(input);
    case 6:
      return multi_read(input);
    case 7:
      return wire::ExistsRequest{path(input), input.flag()};
    case 8:
      return wire::GetDataRequest{path(input), input.flag()};
    case 9:
      return wire::GetAclRequest{path(input)};
    case 10:
      return wire::GetChildrenRequest{input.flag() ? OpCode::get_children2 : OpCode::get_children,
                                      path(input), input.flag()};
    case 11:
      return wire::SyncRequest{path(input)};
    case 12:
      return wire::PingRequest{};
    case 13:
      return wire::CloseSessionRequest{};
    case 14:
      return wire::AuthRequest{0, input.flag() ? "digest" : input.text(), input.text()};
    case 15:
      return wire::SaslRequest{data(input)};
    case 16:
      return set_watches(input);
    case 17:
      return wire::WatchesRequest{input.flag() ? OpCode::check_watches : OpCode::remove_watches, path(input),
                                  static_cast<std::int32_t>(input.pick(5))};
    case 18:
      return wire::AddWatchRequest{path(input), static_cast<std::int32_t>(input.pick(3))};
    case 19:
      return wire::GetEphemeralsRequest{path(input)};
    case 20:
      return wire::GetAllChildrenNumberRequest{path(input)};
    default:
      return wire::WhoAmIRequest{};
  }
}

tree::Operation operation(Input& input) {
  const auto session = [&] { return SessionId{static_cast<std::int64_t>(input.number(8))}; };
  const auto server = [&] { return ServerId{static_cast<std::int32_t>(input.pick(4))}; };
  switch (input.pick(10)) {
    case 0:
      return create(input);
    case 1:
      return remove(input);
    case 2:
      return set_data(input);
    case 3:
      return set_acl(input);
    case 4:
      return multi(input);
    case 5:
      return tree::OpenSession{ServerId{any_int(input)}, any_int(input), any_int(input)};
    case 6:
      return tree::OpenSession{server(), 4000, static_cast<std::int32_t>(input.pick(4))};
    case 7: {
      const SessionId whose = session();
      return tree::AttachSession{whose, server(), any_int(input), any_int(input)};
    }
    case 8: {
      const SessionId whose = session();
      return tree::ExpireSession{whose, Zxid{static_cast<std::int64_t>(input.byte())}};
    }
    default:
      return tree::CloseSession{};
  }
}

}  // namespace muster::fuzz
