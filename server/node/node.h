// The whole server without its devices: peer + tree + sessions + watches + client connections. Bytes and
// ticks in, bytes and disk work out. No clock, socket, file, thread or random source. Copyable (for the
// simulator). One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/clock.h"
#include "common/random.h"
#include "server/broadcast/peer.h"
#include "server/frontend/four_letter_words.h"
#include "server/node/backups.h"
#include "server/node/checkpoint.h"
#include "server/node/digests.h"
#include "server/node/state_messages.h"
#include "server/tree/tree.h"

namespace muster::node {

using ConnId = std::uint64_t;  // local name of a client's connection; never used again

// Which of our sessions were heard of; the leader's expiry table lives on these.
struct TouchReport {
  std::uint64_t n = 0;
  std::vector<SessionId> sessions;
  friend bool operator==(const TouchReport&, const TouchReport&) = default;
};
struct TouchConfirm {
  std::uint64_t n = 0;
  friend bool operator==(const TouchConfirm&, const TouchConfirm&) = default;
};
// Bytes: proto/peer.proto, by peer_codec.
using PeerMessage = std::variant<broadcast::Message, TouchReport, TouchConfirm, StateOffer, StateChunk,
                                 StateAck, StateRefusal, DigestReport>;

struct Limits {
  std::size_t max_frame_bytes = 0xfffff;  // a request; longer ones close the connection
  std::size_t max_connections = 60000;    // all clients of this server
  std::size_t max_connections_per_address = 10000;
  std::size_t max_requests_in_flight = 1000;  // of one connection; beyond it its socket is not read
  std::size_t max_output_bytes =
      std::size_t{16} * 1024 * 1024;  // waiting for one slow reader; beyond it the connection is closed
  std::size_t max_watches_per_connection = 100000;  // beyond it the connection is closed
  std::size_t max_sessions = 1000000;
  std::int64_t handshake_ms = 10000;  // a connection without a session is closed after this
};

// What the driver knows and only people ask for: conf, envi.
struct Facts {
  std::uint16_t client_port = 0;
  int listen_backlog = 0;
  std::string data_dir;
  std::map<ServerId, frontend::ServerPlace> places;              // of all servers; empty: alone
  std::vector<std::pair<std::string, std::string>> environment;  // further lines of envi
};
// What it has measured; -1: not known.
struct Measured {
  std::int64_t disk_bytes = -1;  // of the files in data_dir
  std::int64_t open_files = -1, max_open_files = -1;
};

struct NodeConfig {
  broadcast::PeerConfig peer;
  std::int64_t tick_ms = 2000;        // session time-outs are clamped to 2–20 ticks
  std::int64_t disk_stall_ms = 1000;  // a log whose write has been out for so long stands still
  Limits limits;
  tree::Limits tree_limits;
  CheckpointLimits checkpoint;
  TransferLimits transfer;
  Backups::Limits backups;
  DigestLimits digests;
  std::string
      super_digest;  // "user:base64(sha1(user:password))": a login that may do everything; empty: none
  std::string four_letter_words{
      frontend::default_words};  // those answered, with commas between; "*": all that Muster implements
  Facts facts;
};

// What the disk holds at the start. The constructor replays what of the log is above the checkpoint, up to the commit mark, through
// `read`.
struct StartState {
  std::optional<LoadedCheckpoint> checkpoint;
  // The log begins above the state that it goes on from, which is lost (or was wrong): it takes part as it is, but neither serves nor
  // stands until a leader has given it a state, not older than `state_at_least`.
  bool stateless = false;
  Zxid state_at_least;
  broadcast::HardState hard_state;
  Zxid first, last, commit_mark;  // an empty log begins behind its end; `first` is of the next entry then
  std::function<std::vector<broadcast::Entry>(Zxid from, Zxid to)>
      read;  // a prefix of [from, to], not empty; used only in the constructor, once, in order, up to `last`
};

struct PeerEnvelope {
  ServerId to;
  broadcast::LinkId link = 0;
  PeerMessage message;
};

struct ClientWrite {
  ConnId connection = 0;
  std::string bytes;            // may be empty
  bool close = false;           // after the bytes are flushed
  std::optional<bool> reading;  // stop (false) or go on (true) reading this socket
};

// For logs and people.
struct DiskNews {
  broadcast::Disk own = broadcast::Disk::well;
  bool takes_writes = true;  // false: no quorum of the ensemble has room
  friend bool operator==(const DiskNews&, const DiskNews&) = default;
};

struct Output {
  std::vector<PeerEnvelope> to_peers;
  std::optional<broadcast::Persist> persist;
  std::optional<broadcast::Fetch> fetch;
  std::optional<CheckpointWork> checkpoint;  // at most one in flight
  std::vector<StateRead> state_reads;        // each Open and Next is answered, in order
  std::optional<StateWrite> state_write;     // at most one in flight
  // Once: another state has been put in the place of this server's. Nothing more is to be fed or taken: everything that it said may be
  // done or not, as in a crash, and a new Node is to be made of what the disk holds.
  bool restart = false;
  // With `restart`: the others have another state than this server. Before it starts again its store is to be discarded, and it is to
  // start without a state that is older than this (StartState), for ever.
  std::optional<Zxid> state_at_least;
  std::optional<DigestJudgement> digests;  // when it is another than before; for logs and people
  std::vector<ClientWrite> to_clients;
  std::vector<broadcast::RoleChange> roles;  // for logs and people
  std::optional<DiskNews> disk;              // when it has changed
  // What others and the disk wait for comes first: take_output() is to be called again before anything else is fed.
  bool more = false;
  [[nodiscard]] bool empty() const;
};

struct Status {
  broadcast::RoleChange role;
  Zxid applied, committed, last;
  Zxid checkpoint;  // the newest that is on disk; 0: none
  std::size_t connections = 0, sessions = 0, znodes = 0, watches = 0, outstanding = 0;
  std::uint64_t packets_received = 0, packets_sent = 0, digest = 0;
};

class Node {
 public:
  Node(const NodeConfig& config, StartState start, Random random);
  Node(const Node&);
  Node& operator=(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(Node&&) noexcept;
  ~Node();

  // `address`: the client's, as text, for the ip scheme ("127.0.0.1").
  void client_opened(Now now, ConnId connection, std::string_view address, std::uint16_t port = 0);
  void client_bytes(Now now, ConnId connection, std::string_view bytes);
  void client_closed(Now now, ConnId connection);
  // Bytes of that connection that the driver could not write yet, whenever they change much; for
  // max_output_bytes.
  void client_backlog(Now now, ConnId connection, std::size_t bytes);

  void peer_up(Now now, ServerId peer, broadcast::LinkId link);
  void peer_message(Now now, ServerId peer, broadcast::LinkId link, const PeerMessage& message);
  void peer_down(Now now, ServerId peer, broadcast::LinkId link);

  void persisted(Now now, broadcast::Ticket ticket);
  // Whether there is room for the log's next segment; whenever that changes (at first there is). A Persist for which there is none
  // waits as a whole and is reported when it was done.
  void disk_room(Now now, bool room);
  void fetched(Now now, broadcast::Ticket ticket, std::vector<broadcast::Entry> entries);
  void checkpoint_written(Now now, CheckpointTicket ticket, CheckpointResult result);
  // `meta`: of the checkpoint that the view is of; empty: there is none that can be read.
  void state_opened(Now now, TransferId id, const std::string& meta);
  void state_read(Now now, TransferId id, std::vector<tree::Record> records);
  // `room`: it was done. Else the disk has no room for it.
  void state_written(Now now, std::uint64_t ticket, bool room);

  // For people; whenever it may have changed.
  void measured(const Measured& measured);

  // At least every heartbeat_ms / 2, after the input that was readable then.
  void tick(Now now);
  // Hands leadership over if it leads (for a clean stop).
  void transfer(Now now);

  // Runs drain() and gives what came of the inputs since the last call. To be called until it gives nothing.
  [[nodiscard]] Output take_output(Now now);

  [[nodiscard]] Status status() const;
  [[nodiscard]] const broadcast::Peer& peer() const;
  [[nodiscard]] const tree::Tree& tree() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::node
