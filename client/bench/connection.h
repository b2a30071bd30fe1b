// One connection of the load generator: its socket, its session's handshake and the requests in flight. It is
// driven by Loop, which knows when the socket is ready.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "client/bench/prepared.h"
#include "client/bench/timeline.h"
#include "common/wire/connect.h"
#include "common/wire/frame.h"
#include "common/wire/replies.h"

struct sockaddr_storage;

namespace muster::bench {

enum class Kind : std::uint8_t { read, write, chore };  // a chore is not measured

struct Sent {
  Time due = 0;  // when it should have left
  Kind kind = Kind::chore;
};

struct Answer {
  Sent sent;
  Time at = 0;
  ErrorCode error = ErrorCode::ok;
  Zxid zxid;
  std::string_view body;  // valid during the call
};

class Connection {
 public:
  enum class State : std::uint8_t { resting, connecting, shaking, open };
  // What one frame of a server was.
  struct Frame {
    enum class What : std::uint8_t {
      nothing,
      welcome,
      refused,  // the session that it kept has expired
      answer,
      event,
      pong,
      nonsense
    } what = What::nothing;
    Answer answer;
  };

  explicit Connection(std::size_t index) : index_(index) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { drop(); }

  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool open() const { return state_ == State::open; }
  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] const std::deque<Sent>& in_flight() const { return in_flight_; }

  // From now on each new connection goes on with the session of the one before, as long as that lives.
  void keep_session(std::int32_t timeout_ms) {
    session_.timeout_ms = timeout_ms;
    keeps_session_ = true;
  }
  // The silence after which it pings: a third of its time-out, as clients do.
  [[nodiscard]] Time ping_after() const { return session_.timeout_ms * millisecond / 3; }
  // 0: none yet.
  [[nodiscard]] SessionId session() const { return session_.session; }

  // Starts to connect. False: the system refused at once.
  [[nodiscard]] bool connect(const sockaddr_storage& address, Time now);
  // The attempt has ended. False: in vain. Else the handshake waits for flush().
  [[nodiscard]] bool connected();
  // Closes the socket and forgets what was in flight.
  void drop();
  // Does not leave the local port behind for a minute, as a closed connection does. For those that open many.
  void reset_when_dropped();

  // These wait for flush(). Require open().
  void send(const Prepared& request, std::uint64_t number, Sent sent);
  void send(const wire::Request& request, Sent sent);
  void ping();

  // Gives the system what it takes. False: the connection is lost.
  [[nodiscard]] bool flush();
  [[nodiscard]] bool wants_to_write() const { return written_ < out_.size(); }
  // Reads what there is. False: the connection is lost.
  [[nodiscard]] bool read(std::string& buffer, Time now);
  // The next whole frame of what was read.
  [[nodiscard]] Frame next(Time now);

  Time changed_at = 0;  // when the state changed
  Time heard_at = 0, spoke_at = 0;
  std::size_t server = 0;  // of the list, where it connects next
  bool dirty = false;      // on the list of those to flush

 private:
  static constexpr std::size_t max_answer = std::size_t{1} << 30;  // a list of children may be long

  Xid next_xid();
  [[nodiscard]] static wire::ConnectRequest no_session(std::int32_t timeout_ms);
  Frame welcome(std::string_view payload);

  static constexpr std::int32_t session_timeout_ms = 30'000;

  std::size_t index_;
  int fd_ = -1;
  State state_ = State::resting;
  wire::FrameReader in_{max_answer};
  std::string out_;
  std::size_t written_ = 0;
  std::deque<Sent> in_flight_;
  Xid first_in_flight_{1}, next_xid_{1};
  bool keeps_session_ = false;
  wire::ConnectRequest session_ = no_session(session_timeout_ms);  // how it introduces itself
};

}  // namespace muster::bench
