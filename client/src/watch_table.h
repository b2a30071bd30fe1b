// Which watches the session has set and not seen fire, so that they can be set again on the next server: a
// server forgets a connection's watches with the connection.
#pragma once

#include <muster/errors.h>
#include <muster/ids.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "common/wire/events.h"
#include "common/wire/requests.h"

namespace muster::client {

class WatchTable {
 public:
  // A request was answered: what that leaves on the server or takes away.
  void answered(const wire::Request& request, ErrorCode error);
  // An event arrived: one-shot watches of its kinds are gone, persistent ones stay.
  void fired(wire::EventType type, const std::string& path);

  [[nodiscard]] bool empty() const;
  // What sets all of them again. The server tells at once what changed after `seen` (except to persistent
  // watches). Several requests when the paths are many: each holds at most batch_bytes of them, or one path.
  [[nodiscard]] std::vector<wire::SetWatchesRequest> requests(Zxid seen) const;

  static constexpr std::size_t batch_bytes = 128 * 1024;

 private:
  using Paths = std::set<std::string>;
  void removed(const wire::WatchesRequest& request);

  Paths data_, exist_, child_, persistent_, recursive_;
};

}  // namespace muster::client
