// A session with an ensemble, as a machine without I/O, time, threads or chance: what happens goes in, what
// shall be done comes out. client/README.md draws its states. It speaks ZooKeeper's protocol, and with
// servers that grant `remember` (Muster's do) sends a write again whose reply was lost, under the same xid,
// so that it is done once.
//
// Time is in milliseconds from any fixed start and never runs backwards.
#pragma once

#include <muster/client_config.h>
#include <muster/errors.h>
#include <muster/event.h>
#include <muster/ids.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/src/host_order.h"
#include "client/src/request_queue.h"
#include "client/src/watch_registry.h"
#include "common/random.h"
#include "common/wire/connect.h"
#include "common/wire/frame.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::client {

struct SessionConfig {
  std::size_t hosts = 1;             // at first these are 0 … hosts - 1
  std::int32_t timeout_ms = 10'000;  // of the session, as asked for; the server bounds it
  std::int64_t establish_ms = 0;     // gives up when there is no session after this; 0: never
  bool read_only = false;            // takes a server without a quorum, until one with a quorum is found
  std::vector<Credential> credentials = {};
  std::int32_t remember = 1000;       // writes whose outcome the server shall remember; 0: don't ask
  std::size_t max_in_flight = 1000;   // requests sent and not answered; the others wait
  std::size_t max_waiting = 100'000;  // beyond it a request fails at once with invalid_state
  std::size_t max_reply_bytes = std::size_t{16} * 1024 * 1024;
  std::int64_t min_rest_ms = 50;     // pause when every host failed once; doubled each round …
  std::int64_t max_rest_ms = 2'000;  // … up to this. Chance takes up to half off
};

// What the driver shall do, in this order.
struct Connect {
  HostId host = 0;
};                     // answered by on_connected or on_lost
struct Disconnect {};  // of the connection last asked for; nothing more of it may be told to the session
struct Write {
  std::string bytes;
};
struct Probe {
  HostId host = 0;
};  // ask it with the four-letter word isro; answered by on_probed
struct Complete {
  RequestId id = 0;
  wire::Reply reply;
};  // each request exactly once, unless it is withdrawn
struct StateChanged {
  SessionState state{};
};
struct WatchFired {
  std::vector<WatchId> watches;  // whose they are; one-shot ones are gone by it
  WatchedEvent event;
};  // comes before the first reply that shows what it tells
using Action = std::variant<Connect, Disconnect, Write, Probe, Complete, StateChanged, WatchFired>;

class Session {
 public:
  // Starts to connect at the first on_tick.
  Session(const SessionConfig& config, Random random, std::int64_t now);

  void on_connected(std::int64_t now);
  void on_bytes(std::int64_t now, std::string_view bytes);
  void on_lost(std::int64_t now);  // the connection, or the attempt to get one
  void on_tick(std::int64_t now);
  void on_probed(std::int64_t now, HostId host, bool read_write);

  // Requests are done in this order. A read with its watch flag, and addWatch, leave a watch of the same
  // number, which is kept up across servers until it fires or is dropped.
  // Fails with: session_expired; closing; auth_failed; connection_loss (a write whose outcome is unknown, or
  // no server in time); invalid_state (max_waiting); data_inconsistency (sent again too late: outcome
  // unknown); marshalling_error (an answer that can't be read); or what the server says.
  RequestId submit(std::int64_t now, wire::Request request);
  // Nothing more will be told of that request, nor of its watch. It is not sent if it has not been; if it has,
  // it is left to its fate.
  void withdraw(std::int64_t now, RequestId id);
  void drop_watch(std::int64_t now, WatchId id);
  // The servers are these from now on. It may move to another one, once nothing is in flight.
  void replace_hosts(std::int64_t now, std::vector<HostId> hosts);
  // Ends the session after the requests in flight. If there is no connection, the server ends it by time-out.
  void close(std::int64_t now);

  [[nodiscard]] std::vector<Action> take_actions();
  // When on_tick wants to be called next, at the latest. Nothing once it is over.
  [[nodiscard]] std::optional<std::int64_t> next_tick() const;

  [[nodiscard]] SessionState state() const;
  [[nodiscard]] bool is_connected() const { return std::holds_alternative<Connected>(state_); }
  [[nodiscard]] bool is_over() const { return std::holds_alternative<Over>(state_); }
  // What every request fails with once it is over; ok before.
  [[nodiscard]] ErrorCode over_because() const;
  // It was closed, and a server confirmed it.
  [[nodiscard]] bool close_confirmed() const { return close_confirmed_; }
  [[nodiscard]] SessionId id() const { return id_; }
  // As granted, once there is a session.
  [[nodiscard]] std::int64_t timeout_ms() const { return timeout_ms_; }
  // Before that moment the servers have not ended the session; 0: they may have.
  [[nodiscard]] std::int64_t certain_until() const;

 private:
  struct Resting {
    std::int64_t until;
  };
  struct Connecting {
    HostId host;
    std::int64_t deadline;
  };
  struct Handshaking {
    HostId host;
    std::int64_t deadline, sent_at;
    wire::FrameReader reader;
  };
  // The search for a server with a quorum, while connected to one without.
  struct Search {
    std::int64_t delay, next_at;
    std::optional<HostId> asking;
  };
  struct Connected {
    HostId host;
    wire::FrameReader reader;
    std::int64_t last_sent, last_heard;
    std::int64_t last_ping;                           // or since when it is connected
    std::int32_t remember = 0;                        // granted
    std::optional<std::int64_t> ping_sent_at = {};    // not answered yet
    std::optional<Search> search = {};                // the server is a read-only one
    bool leaving = false;                             // for another server, once nothing is in flight
    std::optional<std::int64_t> close_deadline = {};  // closeSession is in flight
  };
  struct Over {
    ErrorCode why;
  };

  // session.cc: connecting, losing, time
  void attempt(std::int64_t now);
  void become_connected(std::int64_t now, const wire::ConnectReply& reply);
  void become_over(ErrorCode why);
  void drop(std::int64_t now);  // the connection, by our own decision
  void lose(std::int64_t now);
  void forget_connection();
  void maybe_leave(std::int64_t now);
  void tick_connected(std::int64_t now, Connected& connected);
  [[nodiscard]] std::optional<HostId> current_host() const;
  [[nodiscard]] std::optional<std::int64_t> session_deadline() const;
  [[nodiscard]] std::int64_t next_connected_tick(const Connected& connected) const;
  [[nodiscard]] std::int64_t ping_due(const Connected& connected) const;
  void confirm(std::int64_t sent_at) { confirmed_at_ = std::max(confirmed_at_, sent_at); }
  [[nodiscard]] std::int64_t attempt_ms() const;

  // session_traffic.cc: requests and what answers them
  void send(std::int64_t now, Pending& pending);
  void send_bytes(std::int64_t now, std::string bytes);
  void send_own_first(std::int64_t now, std::int32_t xid, wire::Request request);
  void send_credentials_and_watches(std::int64_t now);
  void send_waiting(std::int64_t now);
  void send_removals(std::int64_t now);
  Xid take_xid();
  void read_frames(std::int64_t now);  // false of the handlers below: the server is not to be understood
  bool on_handshake(std::int64_t now, std::string_view payload);
  bool on_frame(std::string_view payload);
  bool on_reply(const wire::ReplyHeader& header, std::string_view body);
  bool on_own_reply(const Pending& pending, ErrorCode error);
  bool on_event(std::string_view body);
  void remember_credential(const wire::AuthRequest& request);
  void fail(const Pending& pending, ErrorCode error);
  void complete(const Pending& pending, wire::Reply reply);
  void tell_state();

  SessionConfig config_;
  Random random_;
  HostOrder hosts_;
  std::size_t failures_ = 0;  // attempts and connections lost since a server last answered a request
  std::int64_t born_at_;

  SessionId id_;
  std::string password_ = std::string(wire::password_size, '\0');
  bool shared_ = false;  // the ensemble knows the session, not only one server without a quorum
  std::int64_t timeout_ms_;
  Zxid last_zxid_;
  // The latest moment at which something was sent whose answer says that the servers count from then on: they
  // can't have expired the session before confirmed_at_ + timeout_ms_. A server of Muster may be cut off from
  // the others and still answer reads: only handshakes and pings wait for a leader there (common/wire/connect.h).
  // Of a ZooKeeper, which has no such answer, any will do.
  std::int64_t confirmed_at_ = 0;
  bool close_confirmed_ = false;

  Xid next_xid_{1};
  RequestId next_id_ = 1;
  std::vector<Credential> credentials_;
  RequestQueue requests_;
  WatchRegistry watches_;
  std::variant<Resting, Connecting, Handshaking, Connected, Over> state_;
  std::vector<Action> actions_;
};

}  // namespace muster::client
