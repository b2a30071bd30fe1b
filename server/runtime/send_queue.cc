#include "server/runtime/send_queue.h"

#include <utility>

#include "common/check.h"

namespace muster::runtime {

void SendQueue::push(std::string bytes) {
  if (bytes.empty()) return;
  const std::size_t count = bytes.size();
  if (!empty() && pieces_.back().size() + count <= piece_bytes) {
    pieces_.back() += bytes;
  } else {
    pieces_.push_back(std::move(bytes));
  }
  size_ += count;
}

std::size_t SendQueue::front(Vector& vector) {
  std::size_t used = 0;
  std::size_t skip = sent_;
  for (std::size_t i = first_; i < pieces_.size() && used < vector.size(); ++i) {
    std::string& piece = pieces_[i];
    vector[used++] = {piece.data() + skip, piece.size() - skip};
    skip = 0;
  }
  return used;
}

void SendQueue::pop(std::size_t count) {
  CHECK(count <= size_, "more bytes left than were there");
  size_ -= count;
  sent_ += count;
  for (; first_ < pieces_.size() && sent_ >= pieces_[first_].size(); ++first_) {
    sent_ -= pieces_[first_].size();
    pieces_[first_] = {};
  }
  // Of a queue that never runs empty, what has left goes in bulk, so that each piece is moved about once.
  if (empty() || first_ * 2 > pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

}  // namespace muster::runtime
