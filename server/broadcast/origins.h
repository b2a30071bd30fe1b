// The last proposal accepted of each origin. Only the next one is accepted, so that whatever is sent again
// has no effect twice.
#pragma once

#include <cstdint>
#include <vector>

#include "server/broadcast/entry.h"

namespace muster::broadcast {

class Origins {
 public:
  Origins() = default;
  explicit Origins(std::vector<ForwardId> last) : last_(std::move(last)) {}

  // True, and noted, if `id` is the next of its origin: n one greater on the same boot, or the first of
  // another boot. A boot that was replaced is not told from a new one; links do that (a forward's boot is its
  // link's).
  bool accept(const ForwardId& id);
  [[nodiscard]] bool is_next(const ForwardId& id) const;
  [[nodiscard]] std::uint64_t last_n(ServerId origin, std::uint64_t boot) const;  // 0: none
  [[nodiscard]] const std::vector<ForwardId>& table() const { return last_; }     // sorted by origin

 private:
  std::vector<ForwardId> last_;
};

}  // namespace muster::broadcast
