// Our proposals under way: outcomes come back in the order of n, and each meets its request by n (DESIGN D9).
#pragma once

#include <cstdint>
#include <deque>

#include "server/frontend/connection.h"

namespace muster::node {

// Whose proposal or barrier it is. Connection 0: nobody waits.
struct Waiter {
  frontend::ConnId connection = 0;
  frontend::SlotId slot = 0;
};

class Forwards {
 public:
  // Requires n == 1, 2, 3, … (CHECK).
  void add(std::uint64_t n, Waiter waiter);
  // Requires that n was added and that those before it were taken (CHECK). Nobody waits for one that was taken already: only a
  // leader that lies has it again.
  [[nodiscard]] Waiter take(std::uint64_t n);
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  std::uint64_t first_ = 1;  // the n of waiting_.front()
  std::deque<Waiter> waiting_;
};

}  // namespace muster::node
