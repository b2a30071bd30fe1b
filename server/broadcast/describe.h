// One line of text for each value: the language of logs, transcripts and failed checks.
#pragma once

#include <string>

#include "server/broadcast/message.h"
#include "server/broadcast/peer.h"

namespace muster::broadcast {

[[nodiscard]] const char* name_of(Disk disk);
// " disk full", " quorum stalled": of `whose`; nothing if it is well or not known.
[[nodiscard]] std::string unwell(const char* whose, Disk disk);
[[nodiscard]] std::string describe(const Entry& entry);  // "3:2 command 1/7 'text'": zxid:epoch kind origin/n
[[nodiscard]] std::string describe(const HardState& hard_state);
[[nodiscard]] std::string describe(const Membership& membership);
[[nodiscard]] std::string describe(const Message& message);
[[nodiscard]] std::string describe(const Persist& persist);
[[nodiscard]] std::string describe(const Delivery& delivery);
[[nodiscard]] std::string describe(const RoleChange& change);

}  // namespace muster::broadcast
