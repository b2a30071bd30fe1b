// What must hold under any input, said in a way that the fuzzer notices.
#pragma once

#include <cstddef>

namespace muster::fuzz {

// Ends the process with the message, so that the input counts as a finding.
void require(bool condition, const char* message);

// While one lives, no single allocation may be larger than what the bytes given so far can justify: a length that a stranger only
// claims must not be believed.
class Budget {
 public:
  explicit Budget(std::size_t bytes_given, std::size_t extra = 0);
  ~Budget();
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;
};

}  // namespace muster::fuzz
