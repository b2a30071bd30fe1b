// The handshake of a session, before which nothing else may be said.
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace muster::wire {

inline constexpr std::size_t password_size = 16;

struct ConnectRequest {
  std::int32_t protocol_version = 0;
  Zxid last_zxid_seen;
  std::int32_t timeout_ms = 0;
  SessionId session;              // 0: a new one
  std::string password;           // any length, null decodes as empty
  std::optional<bool> read_only;  // absent: the client is of the old kind and must not be sent the byte back
  // Muster's extension, after everything that ZooKeeper reads (which ignores what follows): the bytes "MSTR" and an int32, the
  // number of writes whose outcome the session shall remember (DESIGN D10). Absent from stock clients. Only with read_only.
  // Where it is granted, a ping is answered out of turn when the leader has counted that the session was heard of, one answer for
  // all pings that wait: from the sending of that ping on the leader grants the session its whole time-out.
  std::optional<std::int32_t> remember;
  friend bool operator==(const ConnectRequest&, const ConnectRequest&) = default;
};

struct ConnectReply {
  std::int32_t protocol_version = 0;
  std::int32_t timeout_ms = 0;  // 0: refused, session expired
  SessionId session;
  std::string password = std::string(password_size, '\0');  // always password_size bytes
  std::optional<bool> read_only;                            // present exactly if the request had it
  std::optional<std::int32_t> remember;  // present exactly if the request had it: granted number, 0 = none
  friend bool operator==(const ConnectReply&, const ConnectReply&) = default;
};

[[nodiscard]] Result<ConnectRequest> decode_connect_request(std::string_view payload);
[[nodiscard]] std::string encode_connect_request(const ConnectRequest& request);  // a whole frame
[[nodiscard]] Result<ConnectReply> decode_connect_reply(std::string_view payload);
void append_connect_reply(std::string& out, const ConnectReply& reply);  // a whole frame

}  // namespace muster::wire
