// How much of a sweep is done: MUSTER_SWEEP=n takes each n-th case, 1 all of them. Without it a sample that takes a second or two.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>

namespace muster::sweeps {

class Share {
 public:
  explicit Share(std::size_t usual = 97) : each_(usual) {
    if (const char* const given = std::getenv("MUSTER_SWEEP")) each_ = std::stoul(given);
  }
  [[nodiscard]] bool takes(std::size_t number) const { return number % each_ == 0; }
  [[nodiscard]] std::size_t each() const { return each_; }

 private:
  std::size_t each_;
};

}  // namespace muster::sweeps
