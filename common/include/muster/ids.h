// The numbers of the system, each a type of its own, so that a zxid can't be passed for an epoch.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace muster {

// A number with a meaning. Ordered, hashable, explicit in both directions: Zxid{5}, z.value.
template <class Tag, class Rep>
struct Id {
  using rep = Rep;
  Rep value{};
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
  [[nodiscard]] constexpr Id next() const { return Id{static_cast<Rep>(value + 1)}; }
};

template <class Tag, class Rep>
[[nodiscard]] inline std::string to_string(Id<Tag, Rep> id) {
  return std::to_string(id.value);
}

// Index of an entry in the replicated log: 1, 2, 3, … across epochs, never used for two committed entries.
// 0 means "before the first". (ZooKeeper packs an epoch into the high half; Muster does not.)
using Zxid = Id<struct ZxidTag, std::int64_t>;
// One reign of one leader; Raft's term. 0 means "before the first".
using Epoch = Id<struct EpochTag, std::int64_t>;
// A client's session: the creating server's id in the high byte, the low 56 bits of the zxid that created it below.
using SessionId = Id<struct SessionIdTag, std::int64_t>;
// A client's number for one request, echoed in the reply. Not unique: stock clients start again after a reconnect.
using Xid = Id<struct XidTag, std::int32_t>;
// A server of the ensemble, 1–254. 0 means "none".
using ServerId = Id<struct ServerIdTag, std::int32_t>;

}  // namespace muster

template <class Tag, class Rep>
struct std::hash<muster::Id<Tag, Rep>> {
  std::size_t operator()(muster::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
