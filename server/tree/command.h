// What is replicated: the request as the client made it, with everything that its outcome may depend on (DESIGN D5).
// proto/entry.proto has its bytes; command_encode and command_decode are the files that know both.
#pragma once

#include <muster/acl.h>
#include <muster/ids.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"
#include "common/wire/requests.h"

namespace muster::tree {

// A new session; its id comes of the entry's zxid and `server`. The connection's server becomes its owner.
struct OpenSession {
  ServerId server;
  std::int32_t timeout_ms = 0;  // negotiated
  std::int32_t remember = 0;    // outcomes to remember; 0 for stock clients
  friend bool operator==(const OpenSession&, const OpenSession&) = default;
};
// The session continues on a connection of `server` (its password was checked there). The entry's zxid becomes its owner.
struct AttachSession {
  SessionId session;
  ServerId server;
  std::int32_t timeout_ms = 0;  // negotiated anew
  std::int32_t remember = 0;
  friend bool operator==(const AttachSession&, const AttachSession&) = default;
};
// The client closes its session (Command::session, ::owner).
struct CloseSession {
  friend bool operator==(const CloseSession&, const CloseSession&) = default;
};
// The leader's judgement that nothing was heard of a session for its time-out. Holds only if `owner` is still the session's.
struct ExpireSession {
  SessionId session;
  Zxid owner;
  friend bool operator==(const ExpireSession&, const ExpireSession&) = default;
};

using Operation =
    std::variant<OpenSession, AttachSession, CloseSession, ExpireSession, wire::CreateRequest,
                 wire::DeleteRequest, wire::SetDataRequest, wire::SetAclRequest, wire::MultiRequest>;

struct Command {
  SessionId session;  // 0 for OpenSession, AttachSession, ExpireSession
  Zxid owner;  // the attach (or open) entry that the connection goes by; another one in the tree: moved
  Xid xid;
  std::vector<AuthId> identities;  // of the connection, as they were when the request was read
  Operation operation;
  friend bool operator==(const Command&, const Command&) = default;
};

[[nodiscard]] std::string encode(const Command& command);
[[nodiscard]] Result<Command> decode_command(std::string_view bytes);
// Into a command that serves again: what memory it has is used. False: as the error above; then it holds anything.
[[nodiscard]] bool decode_command(std::string_view bytes, Command& out);

}  // namespace muster::tree
