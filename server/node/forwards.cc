#include "server/node/forwards.h"

#include "common/check.h"

namespace muster::node {

void Forwards::add(std::uint64_t n, Waiter waiter) {
  CHECK(n == first_ + waiting_.size(), "proposals are numbered without a gap");
  waiting_.push_back(waiter);
}

Waiter Forwards::take(std::uint64_t n) {
  if (n < first_) return {};
  CHECK(n == first_ && !waiting_.empty(), "outcomes come in the order of the proposals");
  const Waiter waiter = waiting_.front();
  waiting_.pop_front();
  ++first_;
  return waiter;
}

}  // namespace muster::node
