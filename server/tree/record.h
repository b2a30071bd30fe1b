// One znode or session as it is stored and streamed. Keys and values: proto/state.proto.
#pragma once

#include <string>

namespace muster::tree {

struct Record {
  std::string key;
  std::string value;  // empty: there is nothing of that key any more
  friend bool operator==(const Record&, const Record&) = default;
};

// What a record takes where records are gathered.
[[nodiscard]] inline std::size_t size_of(const Record& record) {
  return record.key.size() + record.value.size();
}

}  // namespace muster::tree
