#include "server/runtime/send_queue.h"

#include <utility>

#include "common/check.h"

namespace muster::runtime {

void SendQueue::push(std::string bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  if (!pieces_.empty() && pieces_.back().size() + bytes.size() <= piece_bytes) {
    pieces_.back() += bytes;
  } else {
    pieces_.push_back(std::move(bytes));
  }
}

std::size_t SendQueue::front(Vector& vector) {
  std::size_t used = 0;
  std::size_t skip = sent_;
  for (auto& piece : pieces_) {
    if (used == vector.size()) break;
    vector[used++] = {piece.data() + skip, piece.size() - skip};
    skip = 0;
  }
  return used;
}

void SendQueue::pop(std::size_t count) {
  CHECK(count <= size_, "more bytes left than were there");
  size_ -= count;
  sent_ += count;
  while (!pieces_.empty() && sent_ >= pieces_.front().size()) {
    sent_ -= pieces_.front().size();
    pieces_.pop_front();
  }
}

}  // namespace muster::runtime
