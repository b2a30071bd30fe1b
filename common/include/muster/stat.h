// What is known of a znode besides its data.
#pragma once

#include <muster/ids.h>

#include <cstdint>

namespace muster {

struct Stat {
  Zxid czxid;              // the write that created the node
  Zxid mzxid;              // the last change of its data
  std::int64_t ctime = 0;  // wall clock of the leader, ms since 1970
  std::int64_t mtime = 0;
  std::int32_t version = 0;      // data changes
  std::int32_t cversion = 0;     // child creates and deletes
  std::int32_t aversion = 0;     // ACL changes
  SessionId ephemeral_owner;     // 0 unless ephemeral
  std::int32_t data_length = 0;  // bytes
  std::int32_t num_children = 0;
  Zxid pzxid;  // the last change of its list of children
  friend bool operator==(const Stat&, const Stat&) = default;
};

inline constexpr std::int32_t any_version = -1;  // "do not check" in delete, setData, setACL, check

}  // namespace muster
