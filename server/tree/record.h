// One znode or session as it is stored and streamed. Keys and values: proto/state.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/little_endian.h"

namespace muster::tree {

struct Record {
  std::string key;
  std::string value;  // empty: there is nothing of that key any more
  friend bool operator==(const Record&, const Record&) = default;
};

struct RecordView {
  std::string_view key, value;
  RecordView(std::string_view of_key, std::string_view of_value) : key(of_key), value(of_value) {}
  RecordView(const Record& record) : key(record.key), value(record.value) {}  // NOLINT: as a string is a view
};

// Many records in one piece of memory: a start has millions of them in its hands for a moment each.
class PackedRecords {
 public:
  void add(RecordView record) {
    append_le(bytes_, static_cast<std::uint32_t>(record.key.size()));
    append_le(bytes_, static_cast<std::uint32_t>(record.value.size()));
    bytes_ += record.key;
    bytes_ += record.value;
  }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  // False as soon as `use(record)` is.
  template <class Use>
  [[nodiscard]] bool all(const Use& use) const {
    for (std::string_view rest = bytes_; !rest.empty();) {
      const std::size_t key = read_le<std::uint32_t>(rest, 0), value = read_le<std::uint32_t>(rest, 4);
      if (!use(RecordView(rest.substr(8, key), rest.substr(8 + key, value)))) return false;
      rest.remove_prefix(8 + key + value);
    }
    return true;
  }

 private:
  std::string bytes_;  // of each: key_size:4 value_size:4 key value
};

// What a record takes where records are gathered.
[[nodiscard]] inline std::size_t size_of(const Record& record) {
  return record.key.size() + record.value.size();
}

}  // namespace muster::tree
