// Majority arithmetic, and nothing else.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

#include "server/broadcast/entry.h"

namespace muster::broadcast {

// Any two sets of this many voters have a voter in common.
[[nodiscard]] std::size_t quorum_size(const Membership& membership);

// The greatest value that at least `quorum` of `values` have reached; T{} if fewer values than that exist.
template <class T>
[[nodiscard]] T reached_by_quorum(std::vector<T>& values, std::size_t quorum) {
  if (quorum == 0 || values.size() < quorum) return T{};
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(quorum - 1);
  std::nth_element(values.begin(), nth, values.end(), std::greater<>());
  return *nth;
}

}  // namespace muster::broadcast
