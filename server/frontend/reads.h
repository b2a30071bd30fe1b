// Requests that are answered from this server's tree. A read and the watch that it leaves are one step: no
// write comes between.
#pragma once

#include <muster/acl.h>
#include <muster/ids.h>

#include <string>
#include <vector>

#include "common/wire/replies.h"
#include "common/wire/requests.h"
#include "server/frontend/context.h"

namespace muster::frontend {

struct Asker {
  ConnId connection = 0;
  SessionId session;
  const std::vector<AuthId>& identities;
};

// Requires a request that reads or concerns watches (not a write, sync, ping, auth, …; CHECK). Watch events
// that setWatches catches up are appended to `out`, as frames, counted, and stand before the reply.
[[nodiscard]] wire::Reply execute(const Context& context, const Asker& asker, const wire::Request& request,
                                  Traffic& traffic, std::string& out);

}  // namespace muster::frontend
