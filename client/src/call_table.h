// The operations that wait for an answer, by their numbers. These count up and are mostly taken out in order, so that a
// table of pointers with a moving start holds them.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "client/src/operation.h"

namespace muster::client {

class CallTable {
 public:
  // `id` is greater than any before.
  void put(RequestId id, OperationPtr operation) {
    if (slots_.empty()) first_ = id;
    slots_.resize(id - first_);
    slots_.push_back(std::move(operation));
  }

  // Null if it was taken out already.
  [[nodiscard]] OperationPtr take(RequestId id) {
    if (id < first_ || id - first_ >= slots_.size()) return nullptr;
    OperationPtr operation = std::move(slots_[id - first_]);
    while (!slots_.empty() && !slots_.front()) slots_.pop_front(), ++first_;
    return operation;
  }

  [[nodiscard]] std::deque<OperationPtr> take_all() { return std::exchange(slots_, {}); }

 private:
  RequestId first_ = 0;
  std::deque<OperationPtr> slots_;
};

}  // namespace muster::client
