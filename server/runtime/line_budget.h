// How many lines of one kind may go into the log: those that strangers can cause must not fill a disk.
#pragma once

#include <algorithm>
#include <cstdint>

namespace muster::runtime {

class LineBudget {
 public:
  // `burst` lines at once, then one a second.
  explicit LineBudget(int burst) : burst_(burst), left_(burst) {}

  // Whether a line may be written now (mono_ms).
  [[nodiscard]] bool take(std::int64_t now_ms) {
    const std::int64_t earned = (now_ms - counted_ms_) / 1000;
    counted_ms_ += earned * 1000;
    left_ = static_cast<int>(std::min<std::int64_t>(burst_, left_ + earned));
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  int burst_, left_;
  std::int64_t counted_ms_ = 0;
};

}  // namespace muster::runtime
