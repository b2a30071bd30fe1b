// Who watches what, and what the server has to know of it. Each watch is named by the request that set it; several may
// stand on one path, where the server knows one of each kind. A server forgets a connection's watches with the
// connection, so the registry also tells how to set them again.
#pragma once

#include <muster/errors.h>
#include <muster/ids.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/wire/events.h"
#include "common/wire/requests.h"

namespace muster::client {

using RequestId = std::uint64_t;
using WatchId = RequestId;

class WatchRegistry {
 public:
  // A request that would leave a watch will be sent (or is). Until `retired` its path is left alone, because the server
  // can't tell a watch that is taken away from one that is just being set.
  void expected(const wire::Request& request);
  // It has its answer, which nobody wants any more if `!wanted`; or will never have one.
  void answered(WatchId id, const wire::Request& request, ErrorCode error, bool wanted);
  void retired(const wire::Request& request);

  // An event arrived: who is told. One-shot watches of its kinds are gone by it, persistent ones stay.
  [[nodiscard]] std::vector<WatchId> fired(wire::EventType type, const std::string& path);
  // Nobody waits for that watch any more.
  void drop(WatchId id);

  // The connection, and all that the server knew, is gone.
  void forget_server();
  // What sets all of them again. The server tells at once what changed after `seen` (except to persistent watches).
  // Several requests when the paths are many: each holds at most batch_bytes of them, or one path.
  [[nodiscard]] std::vector<wire::SetWatchesRequest> requests(Zxid seen) const;
  // What takes away from the server what nobody holds any more, since the last call. To be sent in order with all else.
  [[nodiscard]] std::vector<wire::WatchesRequest> take_removals();

  // The paths with persistent or recursive watches, and their watches: they hear nothing of what happens without a
  // connection.
  [[nodiscard]] std::vector<std::pair<std::string, std::vector<WatchId>>> streams() const;

  static constexpr std::size_t batch_bytes = 128 * 1024;

 private:
  using Ids = std::vector<WatchId>;
  // On the server `data` and `exist` are one.
  struct Entry {
    Ids data, exist, child, persistent, recursive;
    std::size_t expected = 0;  // requests under way that may set a watch here
    // The server may know of a watch here that nobody holds, in its tables of one-shot watches or of the others.
    bool stray_data = false, stray_child = false, stray_stream = false;
    [[nodiscard]] bool held() const {
      return !data.empty() || !exist.empty() || !child.empty() || !persistent.empty() || !recursive.empty();
    }
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void tell_recursive(std::string_view path, Ids& told) const;
  [[nodiscard]] static bool& stray(Entry& entry, const Ids& ids);
  void take(Ids& ids, Ids& told);
  // What removeWatches takes away. ZooKeeper before 3.9 does not know the last two and refuses them.
  enum class Removal : std::int32_t { any = 3, persistent = 4, persistent_recursive = 5 };
  void remove(const std::string& path, Removal kind);
  void settle(Entries::iterator at);

  Entries entries_;
  std::unordered_map<WatchId, Entries::iterator> index_;
  std::size_t recursive_count_ = 0;
  std::vector<wire::WatchesRequest> removals_;
};

}  // namespace muster::client
