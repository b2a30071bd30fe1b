// Those who watch one path, by connection. Most paths are watched by one, who takes no block of its own; of many each takes eight
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace muster::watch {

using ConnId = std::uint64_t;  // from 1 to below 2^60
using Kinds = std::uint8_t;    // a bit for each Kind (watches.h)

class Watcher {
 public:
  Watcher() = default;  // nobody
  explicit Watcher(ConnId connection) : value_(connection << kind_bits) {}
  [[nodiscard]] ConnId connection() const { return value_ >> kind_bits; }
  [[nodiscard]] Kinds kinds() const { return static_cast<Kinds>(value_ & kind_mask); }
  void set_kinds(Kinds kinds) { value_ = (value_ & ~kind_mask) | kinds; }

 private:
  static constexpr unsigned kind_bits = 4;
  static constexpr std::uint64_t kind_mask = (1U << kind_bits) - 1;
  std::uint64_t value_ = 0;
};

class Watchers {
 public:
  Watchers() = default;
  Watchers(const Watchers& other);
  Watchers& operator=(const Watchers& other) { return *this = Watchers(other); }
  Watchers(Watchers&&) noexcept = default;
  Watchers& operator=(Watchers&&) noexcept = default;
  ~Watchers() = default;

  [[nodiscard]] const Watcher* begin() const { return many_ ? many_->data() : &one_; }
  [[nodiscard]] const Watcher* end() const { return begin() + size(); }
  [[nodiscard]] Watcher* begin() { return many_ ? many_->data() : &one_; }
  [[nodiscard]] Watcher* end() { return begin() + size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const { return many_ ? many_->size() : one_.connection() != 0 ? 1 : 0; }

  // Null: it is none of them.
  [[nodiscard]] const Watcher* find(ConnId connection) const;
  [[nodiscard]] Watcher* find(ConnId connection);
  // One that is none of them joins them without any kinds.
  Watcher& find_or_add(ConnId connection);
  // Forgets those that have no kinds left.
  void sweep();

 private:
  Watcher one_;                                 // if there is no more than one
  std::unique_ptr<std::vector<Watcher>> many_;  // else all of them
};

}  // namespace muster::watch
