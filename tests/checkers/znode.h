// One znode as ZooKeeper's programmer's guide describes it: what an operation makes of it, and which answers it may give.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "tests/checkers/history.h"

namespace muster::checkers {

struct Znode {
  bool exists = false;
  std::int64_t value = 0;
  std::int32_t version = 0;
  friend auto operator<=>(const Znode&, const Znode&) = default;
};

// Whether a write takes effect there; else it fails and changes nothing.
[[nodiscard]] bool takes_effect(const Znode& znode, const Operation& write);
// What a write that takes effect leaves.
[[nodiscard]] Znode written(const Znode& znode, const Operation& write);
// The znode after an operation with that outcome; nothing: it can't have had that outcome there.
[[nodiscard]] std::optional<Znode> after(const Znode& znode, const Operation& operation);

}  // namespace muster::checkers
