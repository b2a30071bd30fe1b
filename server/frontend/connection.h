// One client's connection without its socket: bytes in, bytes out, and between them its session's requests.
// What it can't do itself it hands out as a Step; the node does it and comes back.
#pragma once

#include <muster/acl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/bytes.h"
#include "common/wire/connect.h"
#include "common/wire/events.h"
#include "common/wire/frame.h"
#include "server/frontend/context.h"
#include "server/frontend/handshake.h"
#include "server/frontend/pipeline.h"

namespace muster::frontend {

// Stands for the handshake where a request's slot is named.
inline constexpr SlotId handshake_slot = ~SlotId{0};

namespace step {
struct Idle {};    // nothing to do until more comes
struct Hangup {};  // close, after what is in the output is flushed
struct Word {
  std::string word;
};                // a four-letter word was asked: say() its answer, then close
struct Shake {};  // a ConnectRequest has come: judge request()
struct Propose {
  SharedBytes command;
  SlotId slot;
};  // for the log; if that refuses, hold() it and come again
struct Barrier {
  SlotId slot;
};  // tell pass(slot) when everything committed before now is applied
struct Backup {
  SlotId slot;
  std::optional<std::int32_t>
      max_bytes;  // of the view's next records; absent: begin one. complete() takes the answer
};
}  // namespace step
using Step = std::variant<step::Idle, step::Hangup, step::Word, step::Shake, step::Propose, step::Barrier,
                          step::Backup>;

// What an open connection stands for.
struct Bound {
  SessionId session;
  Zxid owner;  // of the entry that attached it
  std::int32_t timeout_ms = 0;
  // A client that has its outcomes remembered keeps its own clock, too: its ping is answered when a leader has
  // counted it, out of turn, one answer for all pings that wait (common/wire/connect.h).
  bool confirms_pings = false;
};

// Where a connection comes from.
struct Origin {
  std::string address;  // for the ip scheme: without the port
  std::uint16_t port = 0;
  Now opened;
};

class Connection {
 public:
  Connection(ConnId id, Origin origin, std::size_t max_frame_bytes);

  [[nodiscard]] ConnId id() const { return id_; }
  [[nodiscard]] const Origin& origin() const { return origin_; }
  [[nodiscard]] const Bound* bound() const { return bound_ ? &*bound_ : nullptr; }  // null: no session yet
  [[nodiscard]] const std::vector<AuthId>& identities() const { return identities_; }
  [[nodiscard]] const Pipeline& pipeline() const { return pipeline_; }
  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  void reset_traffic() { traffic_ = Traffic(); }
  // When its last frame came, mono_ms; at first when it was opened.
  [[nodiscard]] std::int64_t heard_ms() const { return heard_ms_; }
  // What its socket is watched for, as ZooKeeper's stat says: 1 reading, 4 writing.
  [[nodiscard]] int interest() const;

  // Input.
  void receive(std::string_view bytes) { reader_.append(bytes); }
  void backlog(std::size_t bytes) { backlog_ = bytes; }
  // Answers what can be answered and reads on, until somebody else is needed. Call again until Idle or
  // Hangup.
  [[nodiscard]] Step next(const Context& context);
  // The proposal could not be made; nothing more is read until it is: next() gives it again.
  void hold(step::Propose proposal) { held_ = std::move(proposal); }

  // Handshake.
  [[nodiscard]] const wire::ConnectRequest& request() const { return *request_; }
  [[nodiscard]] bool has_waited() const {
    return has_waited_;
  }  // a barrier has passed since the ConnectRequest
  void waited() { has_waited_ = true; }
  void accept(const Context& context, const tree::SessionEvent& event, std::string_view secret);
  void refuse();

  // Of requests. complete(): the write's outcome; next() then gives its reply and the reads behind it.
  void complete(SlotId slot, Zxid zxid, wire::Reply reply) {
    pipeline_.complete(slot, zxid, std::move(reply));
  }
  void pass(SlotId slot) { pipeline_.pass(slot); }

  // Output.
  void notify(Counters& counters, Zxid zxid, wire::EventType type, std::string_view path);
  // The answer to a word.
  void say(Counters& counters, std::string_view text);
  [[nodiscard]] bool has_output() const { return !output_.empty(); }
  [[nodiscard]] std::string take_output();

  // A proposal or a slow reader keeps it from reading on: next() should be tried again without new input.
  [[nodiscard]] bool stalled() const { return held_.has_value() || congested_; }
  [[nodiscard]] bool overflows(const Settings& settings) const {
    return output_.size() + backlog_ > settings.max_output_bytes;
  }
  // Whether the socket should be read, if that has changed since the last call (at first it is).
  [[nodiscard]] std::optional<bool> reading_changed();
  // True once for each time that a valid frame was read from an open session.
  [[nodiscard]] bool take_touched() { return std::exchange(touched_, false); }
  // True once for each time that pings were read which wait for answer_ping().
  [[nodiscard]] bool take_ping() { return std::exchange(pinged_, false); }
  void answer_ping(const Context& context);
  // Notes of those who keep it: in which report its touch stands, and that of its ping (0: none waits), whether it
  // is listed for writing, for another try.
  std::uint64_t touch_mark = 0, ping_mark = 0;
  bool write_mark = false, stall_mark = false;

 private:
  void note_received(const Context& context);
  [[nodiscard]] bool may_read(const Settings& settings);
  [[nodiscard]] Step on_first_bytes(const Context& context);
  [[nodiscard]] Step on_frame(const Context& context, std::string_view payload);
  [[nodiscard]] Step on_request(const Context& context, Xid xid, wire::Request request);
  [[nodiscard]] Step on_write(const Context& context, Xid xid, wire::OpCode type, tree::Operation operation);
  void on_read(const Context& context, Xid xid, wire::Request request);
  [[nodiscard]] Step on_backup(const Context& context, Xid xid, wire::OpCode type,
                               std::optional<std::int32_t> max_bytes);
  void on_auth(const Context& context, Xid xid, const wire::AuthRequest& request);
  void answer(const Context& context, Xid xid, wire::OpCode type, wire::Reply reply,
              std::optional<Zxid> zxid = std::nullopt);
  void reply_now(const Context& context, Xid xid, wire::OpCode type, const wire::Reply& reply, Zxid zxid);
  [[nodiscard]] Step end_without_answer();
  void answer_last(const Context& context, Xid xid, wire::OpCode type, ErrorCode error, Zxid zxid);

  ConnId id_;
  Origin origin_;
  wire::FrameReader reader_;
  std::optional<wire::ConnectRequest> request_;  // present from the handshake on
  bool has_waited_ = false;
  std::optional<Bound> bound_;  // present when it is open
  std::vector<AuthId> identities_;
  Pipeline pipeline_;
  std::optional<step::Propose> held_;
  bool ending_ = false;     // its last request has been read
  bool full_ = false;       // too many requests in flight
  bool congested_ = false;  // too much output waits
  bool told_reading_ = true;
  bool touched_ = false, pinged_ = false;
  Traffic traffic_;
  std::int64_t heard_ms_;  // mono_ms
  std::string output_;
  std::size_t backlog_ = 0;  // output that the driver holds
};

}  // namespace muster::frontend
