// A session and the other end of its wire, in words: what is told to it, and what it then does, one line for
// each action.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/src/session.h"

namespace muster::client {

class Story {
 public:
  explicit Story(SessionConfig config = {}) : session(config, Random(1), now) {}

  // What happened since the last call, as "connect 0 | hello … | 1 create /a | done 1 ok | connected".
  std::string told();

  std::string tick_at(std::int64_t moment) { return now = moment, session.on_tick(now), told(); }
  // Lets time pass until the session wants to be called, and calls it.
  std::string wait() { return tick_at(*session.next_tick()); }
  std::string connected() { return session.on_connected(now), told(); }
  std::string lost() { return session.on_lost(now), told(); }
  std::string close() { return session.close(now), told(); }
  std::string probed(HostId host, bool read_write) {
    return session.on_probed(now, host, read_write), told();
  }
  std::string withdraw(RequestId id) { return session.withdraw(now, id), told(); }
  std::string drop_watch(WatchId id) { return session.drop_watch(now, id), told(); }
  std::string replace_hosts(std::vector<HostId> hosts) {
    return session.replace_hosts(now, std::move(hosts)), told();
  }
  std::string submit(wire::Request request) { return session.submit(now, std::move(request)), told(); }
  std::string bytes(std::string_view bytes) { return session.on_bytes(now, bytes), told(); }
  // The server's words.
  std::string welcome(wire::ConnectReply reply) { return bytes(welcome_bytes(std::move(reply))); }
  std::string reply(std::int32_t xid, std::int64_t zxid = 0, wire::ReplyBody body = {},
                    ErrorCode error = ErrorCode::ok) {
    return bytes(reply_bytes(xid, zxid, std::move(body), error));
  }
  std::string event(wire::EventType type, std::string_view path) { return bytes(event_bytes(type, path)); }
  static std::string welcome_bytes(wire::ConnectReply reply);
  static std::string reply_bytes(std::int32_t xid, std::int64_t zxid = 0, wire::ReplyBody body = {},
                                 ErrorCode error = ErrorCode::ok);
  static std::string event_bytes(wire::EventType type, std::string_view path);

  // From the start to a session. `remember`: what the server grants; nothing: it is a ZooKeeper.
  void begin(std::optional<std::int32_t> remember = {});
  // After a loss: the next host answers.
  std::string come_back(std::optional<std::int32_t> remember = {});

  std::int64_t now = 1'000'000;
  Session session;

 private:
  std::string describe(const Action& action);
  std::string describe_frames(std::string_view bytes);
  bool handshake_next_ = false;
};

// What a server answers that knows the session 7.
wire::ConnectReply seven(std::optional<std::int32_t> remember = {});

}  // namespace muster::client
