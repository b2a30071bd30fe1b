// A session with an ensemble, as a machine without I/O, time, threads or chance: what happens goes in, what
// shall be done comes out. client/README.md draws its states. It speaks ZooKeeper's protocol, and with
// servers that grant `remember` (Muster's do) sends a write again whose reply was lost, under the same xid,
// so that it is done once.
//
// Time is in milliseconds from any fixed start and never runs backwards.
#pragma once

#include <muster/errors.h>
#include <muster/event.h>
#include <muster/ids.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/src/watch_table.h"
#include "common/random.h"
#include "common/wire/connect.h"
#include "common/wire/frame.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::client {

struct SessionConfig {
  std::size_t hosts = 1;               // Connect names them 0 … hosts - 1
  std::int32_t timeout_ms = 10'000;    // of the session, as asked for; the server bounds it
  std::int64_t establish_ms = 10'000;  // gives up when there is no session after this; 0: never
  std::int32_t remember = 1000;        // writes whose outcome the server shall remember; 0: don't ask
  std::size_t max_in_flight = 1000;    // requests sent and not answered; the others wait
  std::size_t max_waiting = 100'000;   // beyond it a request fails at once with invalid_state
  std::size_t max_reply_bytes = std::size_t{16} * 1024 * 1024;
  std::int64_t min_rest_ms = 50;     // pause when every host failed once; doubled each round …
  std::int64_t max_rest_ms = 2'000;  // … up to this. Chance takes up to half off
};

using RequestId = std::uint64_t;

// What the driver shall do, in this order.
struct Connect {
  std::size_t host = 0;
};                     // answered by on_connected or on_lost
struct Disconnect {};  // of the connection last asked for; nothing more of it may be told to the session
struct Write {
  std::string bytes;
};
struct Complete {
  RequestId id = 0;
  wire::Reply reply;
};  // each request exactly once
struct Notify {
  Event event;
};  // an event comes before the first reply that shows what it tells
using Action = std::variant<Connect, Disconnect, Write, Complete, Notify>;

class Session {
 public:
  // Starts to connect at the first on_tick.
  Session(const SessionConfig& config, Random random, std::int64_t now);

  void on_connected(std::int64_t now);
  void on_bytes(std::int64_t now, std::string_view bytes);
  void on_lost(std::int64_t now);  // the connection, or the attempt to get one
  void on_tick(std::int64_t now);

  // Requests are done in this order. The watch flag of a read is honoured and kept up across servers.
  // Fails with: session_expired; closing; connection_loss (a write whose outcome is unknown, or no server in
  // time); invalid_state (max_waiting); data_inconsistency (sent again too late: outcome unknown);
  // marshalling_error (an answer that can't be read); or what the server says.
  RequestId submit(std::int64_t now, wire::Request request);
  // Ends the session after the requests in flight. If there is no connection, the server ends it by time-out.
  void close(std::int64_t now);

  [[nodiscard]] std::vector<Action> take_actions();
  // When on_tick wants to be called next, at the latest. Nothing once it is over.
  [[nodiscard]] std::optional<std::int64_t> next_tick() const;

  [[nodiscard]] bool is_connected() const { return std::holds_alternative<Connected>(state_); }
  [[nodiscard]] bool is_over() const { return std::holds_alternative<Over>(state_); }
  [[nodiscard]] SessionId id() const { return id_; }
  [[nodiscard]] std::int64_t timeout_ms() const {
    return timeout_ms_;
  }  // as granted, once there is a session

 private:
  struct Resting {
    std::int64_t until;
  };
  struct Connecting {
    std::int64_t deadline;
  };
  struct Handshaking {
    std::int64_t deadline, sent_at;
    wire::FrameReader reader;
  };
  struct Connected {
    wire::FrameReader reader;
    std::int64_t last_sent, last_heard;
    std::optional<std::int64_t> ping_sent_at;    // not answered yet
    std::int32_t remember;                       // granted
    std::optional<std::int64_t> close_deadline;  // closeSession is in flight
  };
  struct Over {
    ErrorCode why;
  };

  struct Pending {
    RequestId id = 0;  // 0: the session's own
    Xid xid;
    wire::Request request;
    std::int64_t sent_at = 0;
    bool in_doubt = false;  // a write that a broken connection may have delivered
  };

  void attempt(std::int64_t now);
  void send(std::int64_t now, std::string bytes);
  void send_waiting(std::int64_t now);
  void send_watches(std::int64_t now);
  void become_connected(std::int64_t now, const wire::ConnectReply& reply);
  void become_over(ErrorCode why);
  void drop(std::int64_t now);  // the connection, by our own decision
  void lose(std::int64_t now);
  void keep_or_fail_in_flight(bool remembered);
  void fail_in_doubt();
  void read_frames(std::int64_t now);  // false of the handlers below: the server is not to be understood
  bool on_handshake(std::int64_t now, std::string_view payload);
  bool on_frame(std::string_view payload);
  bool on_reply(const wire::ReplyHeader& header, std::string_view body);
  bool on_event(std::string_view body);
  void complete(RequestId id, wire::Reply reply);
  void fail(const Pending& pending, ErrorCode error);
  void notify(EventType type, std::string path = {});
  [[nodiscard]] std::optional<std::int64_t> session_deadline() const;
  [[nodiscard]] std::int64_t attempt_ms() const;

  SessionConfig config_;
  Random random_;
  std::vector<std::size_t> order_;  // of the hosts, shuffled
  std::size_t next_host_ = 0;
  std::size_t failures_ = 0;  // attempts and connections lost since a server last answered a request
  std::int64_t born_at_;

  SessionId id_;
  std::string password_ = std::string(wire::password_size, '\0');
  std::int64_t timeout_ms_;
  Zxid last_zxid_;
  // The latest moment at which something was sent that a server answered: it heard of us then or later, so
  // that it can't have expired the session before confirmed_at_ + timeout_ms_.
  std::int64_t confirmed_at_ = 0;

  Xid next_xid_{1};
  RequestId next_id_ = 1;
  std::deque<Pending> waiting_, in_flight_;
  WatchTable watches_;
  std::variant<Resting, Connecting, Handshaking, Connected, Over> state_;
  std::vector<Action> actions_;
};

}  // namespace muster::client
