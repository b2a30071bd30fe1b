// ZooKeeper's operator commands: four bytes instead of a handshake, answered with text in ZooKeeper's
// formats, which tools parse. A line that has no meaning here is left out; nothing is invented.
#pragma once

#include <string>
#include <string_view>

#include "server/frontend/server_view.h"

namespace muster::frontend {

// Without those that are long (dump, wchc, wchp) or reset what others look at (crst, srst).
inline constexpr std::string_view default_words = "ruok,isro,srvr,stat,mntr,conf,envi,cons,dirs,wchs";

// True for every word of ZooKeeper, executed or not.
[[nodiscard]] bool is_four_letter_word(std::string_view word);
// Which lists the word prints.
[[nodiscard]] bool needs_clients(std::string_view word);
[[nodiscard]] bool needs_sessions(std::string_view word);
[[nodiscard]] bool needs_watches(std::string_view word);

// Whether it does what it says: it exists, `whitelist` (as in zoo.cfg: words with commas between, "*" for all that exist) has it, and
// the server serves if the word needs that. Else its answer is a refusal.
[[nodiscard]] bool is_executed(std::string_view word, std::string_view whitelist, bool serving);
[[nodiscard]] std::string answer_word(std::string_view word, std::string_view whitelist,
                                      const ServerView& server);

}  // namespace muster::frontend
