// An entry's bytes (proto/entry.proto), the same between servers and on disk.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "server/broadcast/entry.h"

namespace muster::broadcast {

void append_encoded(std::string& out, const Entry& entry);
// As a field of a message.
void append_field(std::string& out, int field, const Entry& entry);
[[nodiscard]] Result<Entry> decode_entry(std::string_view bytes);

// An entry that leaves its payload where it lies, in `bytes`.
struct EntryView {
  Entry entry;  // without payload
  std::string_view payload;
};
[[nodiscard]] Result<EntryView> view_entry(std::string_view bytes);

}  // namespace muster::broadcast
