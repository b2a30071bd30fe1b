// Bytes waiting for one socket, in pieces, so that what is large is never copied and what is small is
// gathered.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace muster::runtime {

class SendQueue {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  void push(std::string bytes);
  // `append(std::string&)` adds to the last piece.
  template <class Append>
  void append(Append append) {
    if (empty() || pieces_.back().size() >= piece_bytes) pieces_.emplace_back();
    std::string& last = pieces_.back();
    const std::size_t before = last.size();
    append(last);
    size_ += last.size() - before;
  }

  using Vector = std::array<iovec, 64>;
  // Fills `vector` with the bytes at the front; gives how many of its places are used.
  [[nodiscard]] std::size_t front(Vector& vector);
  // The first `count` bytes have left. Requires count <= size().
  void pop(std::size_t count);

 private:
  static constexpr std::size_t piece_bytes = 64 * 1024;
  std::vector<std::string> pieces_;  // an idle connection holds no memory for it, unlike a deque's
  std::size_t first_ = 0;            // those before it have left
  std::size_t sent_ = 0;             // of that first piece
  std::size_t size_ = 0;             // of all pieces, without what was sent
};

}  // namespace muster::runtime
