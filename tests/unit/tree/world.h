// A tree with one session at work in it, told in verbs. After each step the digest is checked from scratch.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/tree/tree.h"

namespace muster::tree::test {

struct World {
  Tree tree;
  std::int64_t zxid = 0;
  std::int64_t time_ms = 1000;
  SessionId session;
  Zxid owner;
  Xid xid;
  std::vector<AuthId> who{{"ip", "10.0.0.1"}};

  World() { use(open()); }

  Stamp stamp() { return {Zxid{++zxid}, time_ms, 1}; }
  Outcome apply(const Command& command) {
    Outcome outcome = tree.apply(stamp(), command);
    REQUIRE(tree.digest() == tree.recompute_digest());
    return outcome;
  }
  // A write of the session in use, with a new xid.
  Outcome write(Operation operation) {
    xid = xid.next();
    return again(std::move(operation));
  }
  // With the last one's xid.
  Outcome again(Operation operation) { return apply({session, owner, xid, who, std::move(operation)}); }
  ErrorCode error_of(Operation operation) { return write(std::move(operation)).reply.error; }

  SessionEvent open(std::int32_t remember = 0) {
    return *apply({{}, {}, {}, {}, OpenSession{ServerId{3}, 5000, remember}}).session;
  }
  void use(const SessionEvent& event) {
    session = event.session;
    owner = event.owner;
  }

  // The path that came of it.
  std::string create(const std::string& path, std::int32_t flags = 0, std::vector<Acl> acl = open_acl()) {
    const Outcome outcome = write(creation(path, flags, std::move(acl)));
    REQUIRE(outcome.reply.error == ErrorCode::ok);
    return std::get<wire::CreateReply>(outcome.reply.body).path;
  }
  static wire::CreateRequest creation(std::string path, std::int32_t flags = 0,
                                      std::vector<Acl> acl = open_acl()) {
    wire::CreateRequest request;
    request.path = std::move(path);
    request.data = "data";
    request.acl = std::move(acl);
    request.flags = flags;
    return request;
  }
  Stat stat(const std::string& path) const { return tree.stat(path).value(); }
};

inline std::vector<Acl> world_may(std::int32_t perms) { return {{perms, {"world", "anyone"}}}; }

// "created /a, children /"
inline std::string text(const std::vector<Change>& changes) {
  static const char* const kinds[] = {"created", "deleted", "data", "children"};
  std::string out;
  for (const Change& change : changes) {
    out += (out.empty() ? "" : ", ") + std::string(kinds[static_cast<int>(change.kind)]) + " " + change.path;
  }
  return out;
}

}  // namespace muster::tree::test
