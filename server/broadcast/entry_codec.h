// An entry's bytes (proto/entry.proto), the same between servers and on disk.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "server/broadcast/entry.h"

namespace muster::broadcast {

void append_encoded(std::string& out, const Entry& entry);
[[nodiscard]] Result<Entry> decode_entry(std::string_view bytes);

}  // namespace muster::broadcast
