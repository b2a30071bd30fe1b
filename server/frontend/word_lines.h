// The longer answers of the four-letter words, and what they share.
#pragma once

#include <string>
#include <string_view>

#include "server/frontend/server_view.h"

namespace muster::frontend {

// Clients take the digits-and-dots prefix for the ZooKeeper release whose protocol is spoken.
inline constexpr std::string_view version = "3.9.2-muster-0.1.0";

// Of a connection: with at most four decimals, "0.0" if nothing was answered.
[[nodiscard]] std::string average(const Latency& latency);

[[nodiscard]] std::string mntr(const ServerView& server);
[[nodiscard]] std::string conf(const ServerView& server);
[[nodiscard]] std::string dump(const ServerView& server);
[[nodiscard]] std::string wchc(const ServerView& server);
[[nodiscard]] std::string wchp(const ServerView& server);

}  // namespace muster::frontend
