// How a connection gets its session: judged here, opened or attached by an entry of the log.
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/wire/connect.h"
#include "server/frontend/context.h"
#include "server/tree/command.h"

namespace muster::frontend {

enum class Verdict : std::uint8_t {
  go,      // propose the command
  behind,  // the client has seen more than this server: wait for a barrier and judge again; then it is
           // `close`
  refuse,  // wrong password: the reply that says "expired", then close
};

// Clamped to 2–20 ticks; a negative wish gives the least.
[[nodiscard]] std::int32_t negotiated_timeout(std::int32_t wanted_ms, std::int64_t tick_ms);

[[nodiscard]] Verdict judge(const wire::ConnectRequest& request, std::string_view secret, Zxid applied);

// OpenSession or AttachSession.
[[nodiscard]] tree::Command session_command(const wire::ConnectRequest& request, const Settings& settings);

void append_accepted(std::string& out, const wire::ConnectRequest& request, const tree::SessionEvent& event,
                     std::string_view secret);
void append_refused(std::string& out, const wire::ConnectRequest& request);

}  // namespace muster::frontend
