// Which forwards a leader takes: of each origin only the next one, and none beyond its limits (DESIGN D9).
#pragma once

#include "server/broadcast/core.h"

namespace muster::broadcast {

class Intake {
 public:
  // Folds in what the log holds beyond what is delivered: the table is exact at the log's end.
  explicit Intake(const Core& core);

  // Appends the command if it is the next of its origin. False: it is not taken (a repetition, a gap, or
  // closed).
  bool take(Core& core, const ForwardId& id, const SharedBytes& command);
  [[nodiscard]] std::uint64_t last_n(ServerId origin, std::uint64_t boot) const {
    return origins_.last_n(origin, boot);
  }
  // Too much is uncommitted or not yet on this disk.
  [[nodiscard]] static bool above_limit(const Core& core, std::size_t share);
  // Once: something was refused for the limit, and there is room again.
  bool reopens(const Core& core);

 private:
  friend class Fingerprint;
  Origins origins_;
  bool refused_ = false;
};

}  // namespace muster::broadcast
