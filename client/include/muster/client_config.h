// How a client finds its servers, and its limits. The defaults suit most programs; `servers` does not.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace muster {

// Who the session is, besides the address it comes from: {"digest", "user:password"}. Rule: ZooKeeper programmer's
// guide, "Pluggable ZooKeeper authentication".
struct Credential {
  std::string scheme, auth;
};

struct ClientConfig {
  // HOST[:PORT],…[/CHROOT]; an IPv6 address in brackets. Names are resolved anew at each attempt. Every path is below
  // the chroot, whose node must exist.
  std::string servers = "127.0.0.1:2181,127.0.0.1:2182,127.0.0.1:2183";

  // Without a word from us for so long the servers end the session; the client then holds it for ended too, a little
  // earlier. The servers bound it (by default to 4–40 s); negotiated_timeout() tells what they granted.
  std::chrono::milliseconds session_timeout{10'000};
  // How long async_connected() waits; 0: for ever. The client itself never gives up before its session has ended.
  std::chrono::milliseconds connect_timeout{10'000};

  // Take a server that has lost its quorum, for reads, until one is found that has not. Writes then fail with
  // not_read_only. The first session of a client may be such a one too; it has no ephemeral nodes.
  bool read_only = false;
  // Presented on each new connection before anything else.
  std::vector<Credential> credentials = {};

  // Requests sent and not answered; more wait in the client.
  std::size_t max_in_flight = 1'000;
  // Requests that wait in the client; one more fails with invalid_state.
  std::size_t max_waiting = 100'000;
  // A longer reply breaks the connection. ZooKeeper's clients call it jute.maxbuffer.
  std::size_t max_reply_bytes = std::size_t{16} * 1024 * 1024;
  // Events that wait in one WatchStream or SessionEvents; when there are more, the oldest go and a `gap` stands for them.
  std::size_t max_events = 10'000;
  // Writes whose outcome the servers shall remember, so that one whose answer was lost is sent again and done once
  // (Muster's servers grant it, ZooKeeper's do not). 0: do not ask.
  std::int32_t remembered_writes = 1'000;

  // The pause after every server failed once; doubled each round up to the second, less up to half by chance.
  std::chrono::milliseconds min_backoff{50};
  std::chrono::milliseconds max_backoff{2'000};
};

// "" if a client can be made of it, else why not, as one sentence. Client's constructor throws that as
// std::invalid_argument.
[[nodiscard]] std::string why_invalid(const ClientConfig& config);

}  // namespace muster
