// What the four-letter words tell of: a server as people see it. Whoever asks fills in what his word needs (needs_…).
#pragma once

#include <muster/ids.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/frontend/counters.h"

namespace muster::frontend {

struct ClientLine {
  std::string address;  // "127.0.0.1:41234"
  int interest = 0;     // what its socket is watched for: 1 reading, 4 writing
  std::size_t in_flight = 0;
  Traffic traffic;
  SessionId session;  // 0: none yet
  std::int32_t timeout_ms = 0;
  std::int64_t opened_ms = 0;   // wall clock
  std::int64_t expires_ms = 0;  // wall clock: closed or expired then if nothing more is heard
};

struct SessionLine {
  SessionId session;
  std::int32_t timeout_ms = 0;
  std::int64_t expires_ms = 0;  // wall clock; of a server that counts it
};

struct WatchLine {
  std::string path;
  SessionId session;
};

// Where a server of the ensemble is found.
struct ServerPlace {
  std::string peer_host;
  std::uint16_t peer_port = 0;
  std::string client;  // "host:port"; empty: not known
};

struct MemberLine {
  ServerId id;
  bool voter = true;
};

// Who follows this leader.
struct FollowerCounts {
  std::size_t learners = 0;  // all of them
  std::size_t synced_voters = 0, synced_observers = 0, not_voting = 0;
};

struct ServerView {
  std::string mode;  // "standalone", "leader", "follower", "observer"; empty: no leader is known, not serving
  ServerId self;
  std::int64_t uptime_ms = 0;
  std::size_t connections = 0, outstanding = 0, pending_syncs = 0;
  std::size_t sessions = 0, znodes = 0, ephemerals = 0;
  std::uint64_t data_bytes = 0;  // of all paths and data in the tree
  std::size_t watches = 0;       // in both of ZooKeeper's tables
  std::size_t watched_paths = 0, watching_connections = 0, node_watches = 0;  // of those who hear of nodes
  std::size_t voters = 0;
  Zxid checkpoint;        // the newest on disk; 0: none
  Zxid digest_confirmed;  // the newest at which a majority had the same state; 0: none since the start
  bool log_has_room = true, log_moves = true;  // of this server's disk
  bool takes_writes = true;                    // false: no quorum of the ensemble has room
  bool votes = true;  // false: an observer, or a server with a new disk that is not yet repaired
  Zxid applied;
  Counters counters;
  // Of a leader.
  Sizes proposals;
  FollowerCounts followers;
  std::int64_t leader_uptime_ms = 0;

  // From the configuration.
  std::int64_t tick_ms = 0;
  std::size_t max_connections_per_address = 0;
  std::uint16_t client_port = 0;
  int listen_backlog = 0;
  std::string data_dir;
  std::vector<MemberLine> members;
  std::map<ServerId, ServerPlace> places;
  std::vector<std::pair<std::string, std::string>> environment;  // further lines of envi

  // Measured by the driver; -1: not known.
  std::int64_t disk_bytes = -1, open_files = -1, max_open_files = -1;

  // Of words that list something.
  std::vector<ClientLine> clients;              // by connection
  std::vector<SessionLine> sessions_by_expiry;  // of a leader
  std::vector<SessionLine> sessions_by_id;      // of others
  std::vector<std::pair<SessionId, std::vector<std::string>>> ephemerals_by_session;
  std::vector<WatchLine> watches_by_path;  // of those who hear of nodes
};

}  // namespace muster::frontend
