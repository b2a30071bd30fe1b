#include "tests/unit/tree/random_commands.h"

#include <algorithm>
#include <iterator>

namespace muster::tree::test {
namespace {

const AuthId anyone{"world", "anyone"}, alice{"digest", "alice:hash"}, bob{"digest", "bob:hash"},
    host{"ip", "10.0.0.1"};

}  // namespace

Command RandomCommands::next(const Model& model) {
  const auto count = static_cast<std::uint64_t>(model.sessions().size());
  if (count == 0 || random_.chance(count < 4 ? 1 : 0, 20) || random_.chance(1, 60))
    return session_command(model);
  Command command;
  command.session = some_session(model);
  const auto found = model.sessions().find(command.session);
  if (found != model.sessions().end()) command.owner = found->second.session.owner;
  if (random_.chance(1, 100)) command.owner = Zxid{command.owner.value - 1};
  std::int32_t& last = last_xid_[command.session];
  last += static_cast<std::int32_t>(random_.between(1, 3));
  command.xid =
      Xid{random_.chance(1, 15) ? std::max(1, last - static_cast<std::int32_t>(random_.below(12))) : last};
  command.identities = identities();
  command.operation = write(model);
  return command;
}

Command RandomCommands::session_command(const Model& model) {
  Command command;
  const ServerId server{static_cast<std::int32_t>(random_.between(1, 254))};
  const auto timeout = static_cast<std::int32_t>(random_.between(1, 60'000));
  const std::int32_t remember = random_.chance(1, 2) ? 0 : static_cast<std::int32_t>(random_.between(1, 6));
  const SessionId session = some_session(model);
  const auto found = model.sessions().find(session);
  const Zxid owner = found == model.sessions().end() ? Zxid{1} : found->second.session.owner;
  switch (random_.below(5)) {
    case 0:
      command.operation = AttachSession{session, server, timeout, remember};
      break;
    case 1:
      command.operation = ExpireSession{session, random_.chance(1, 3) ? Zxid{owner.value + 1} : owner};
      break;
    case 2:
      command.session = session;
      command.owner = owner;
      command.operation = CloseSession{};
      break;
    default:
      command.operation = OpenSession{server, timeout, remember};
      break;
  }
  return command;
}

SessionId RandomCommands::some_session(const Model& model) {
  if (model.sessions().empty() || random_.chance(1, 100)) return SessionId{random_.between(-5, 5)};
  return std::next(model.sessions().begin(),
                   static_cast<std::ptrdiff_t>(random_.below(model.sessions().size())))
      ->first;
}

Operation RandomCommands::write(const Model& model) {
  const std::string target = path(model);
  switch (random_.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return create(model);
    case 4:
    case 5:
    case 6:
      return wire::DeleteRequest{target, version(model, target, false)};
    case 7:
    case 8:
      return wire::SetDataRequest{target, data(), version(model, target, false)};
    case 9:
      return wire::SetAclRequest{target, acl(), version(model, target, true)};
    default:
      return multi(model);
  }
}

wire::CreateRequest RandomCommands::create(const Model& model) {
  static constexpr wire::OpCode types[] = {wire::OpCode::create, wire::OpCode::create, wire::OpCode::create2,
                                           wire::OpCode::create_container};
  wire::CreateRequest request;
  request.type = random_.chance(1, 100) ? wire::OpCode::create_ttl : types[random_.below(4)];
  request.path = path(model);
  request.data = data();
  request.acl = acl();
  request.flags =
      static_cast<std::int32_t>(random_.chance(1, 30) ? random_.between(-1, 8) : random_.between(0, 3));
  if (random_.chance(1, 2)) request.flags = 0;
  return request;
}

wire::MultiRequest RandomCommands::multi(const Model& model) {
  wire::MultiRequest request;
  const std::uint64_t count = random_.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    // Half of them about one path, so that operations meet each other's effects.
    const std::string target = random_.chance(1, 2) ? "/m" : path(model);
    switch (random_.below(5)) {
      case 0:
      case 1: {
        wire::CreateRequest one = create(model);
        if (random_.chance(9, 10) && !one.acl) one.acl = open_acl();
        if (target == "/m") one.path = target;
        request.ops.emplace_back(std::move(one));
        break;
      }
      case 2:
        request.ops.emplace_back(wire::DeleteRequest{target, version(model, target, false)});
        break;
      case 3:
        request.ops.emplace_back(wire::SetDataRequest{target, data(), version(model, target, false)});
        break;
      default:
        request.ops.emplace_back(wire::CheckVersionRequest{target, version(model, target, false)});
        break;
    }
  }
  return request;
}

std::string RandomCommands::existing(const Model& model) {
  return std::next(model.nodes().begin(), static_cast<std::ptrdiff_t>(random_.below(model.nodes().size())))
      ->first;
}

std::string RandomCommands::path(const Model& model) {
  static const std::string odd[] = {"",           "x",
                                    "//",         "/a/",
                                    "/a//b",      "/./a",
                                    "/a/..",      std::string("/a\0b", 4),
                                    "/\xff",      "/\x01",
                                    "/zookeeper", "/zookeeper/config",
                                    "/",          "/zookeeper/quota/q"};
  if (random_.chance(1, 40)) return odd[random_.below(std::size(odd))];
  if (random_.chance(1, 2)) return existing(model);
  static const std::string names[] = {"a", "b", "c", "m", "a much longer name than most", "\xc3\xa4"};
  std::string parent = random_.chance(1, 2) ? "" : existing(model);
  if (parent == "/" || std::count(parent.begin(), parent.end(), '/') > 3) parent.clear();
  return parent + "/" + names[random_.below(std::size(names))];
}

std::optional<std::string> RandomCommands::data() {
  switch (random_.below(4)) {
    case 0:
      return std::nullopt;
    case 1:
      return "";
    default:
      return std::string(random_.below(80), static_cast<char>('a' + random_.below(26)));
  }
}

std::int32_t RandomCommands::version(const Model& model, const std::string& of, bool acl) {
  const auto node = model.nodes().find(of);
  if (node == model.nodes().end() || random_.chance(1, 2)) return -1;
  const std::int32_t actual = acl ? node->second.stat.aversion : node->second.stat.version;
  return random_.chance(3, 4) ? actual : static_cast<std::int32_t>(random_.between(-2, 3));
}

std::optional<std::vector<Acl>> RandomCommands::acl() {
  if (random_.chance(1, 60)) return std::nullopt;
  if (random_.chance(1, 60)) return std::vector<Acl>{};
  if (random_.chance(3, 4)) return open_acl();
  static const AuthId ids[] = {
      anyone, alice, bob, host, {"auth", std::nullopt}, {"auth", ""}, {"no such", "scheme"}};
  std::vector<Acl> list;
  const auto count = static_cast<std::uint64_t>(random_.between(1, 3));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t which = random_.below(random_.chance(1, 20) ? std::size(ids) : std::size(ids) - 1);
    list.push_back(
        {random_.chance(1, 2) ? perm::all : static_cast<std::int32_t>(random_.below(32)), ids[which]});
  }
  return list;
}

std::vector<AuthId> RandomCommands::identities() {
  std::vector<AuthId> who{host};
  if (random_.chance(1, 2)) who.push_back(alice);
  if (random_.chance(1, 4)) who.push_back(bob);
  if (random_.chance(1, 6)) who.push_back({"super", ""});
  return who;
}

}  // namespace muster::tree::test
