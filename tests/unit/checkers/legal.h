// Histories that a correct service could have given: sessions with several requests in flight on servers that lag behind, requests
// that overlap, and connections that break and leave outcomes unknown.
#pragma once

#include <cstdint>

#include "tests/checkers/history.h"

namespace muster::checkers {

// Operations on keys of even number all have a known outcome.
[[nodiscard]] History legal_history(std::uint64_t seed, std::size_t operations);

}  // namespace muster::checkers
