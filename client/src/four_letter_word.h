// The servers' commands for operators, four ASCII letters on the client port (srvr, ruok, mntr, …).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "client/src/connect_string.h"
#include "common/result.h"

namespace muster::client {

// Everything that the server answers before it closes. Waits at most `limit` in all.
[[nodiscard]] Result<std::string> ask_word(const Host& host, std::string_view word,
                                           std::chrono::milliseconds limit);

}  // namespace muster::client
