// Hashes by which states are known, and the set of those seen.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace muster::exhaustive {

// A multiply-and-fold of 64 x 64 bits for each 8 bytes.
[[nodiscard]] inline std::uint64_t hash(std::string_view bytes, std::uint64_t seed = 0) {
  std::uint64_t state = seed ^ 0x9e3779b97f4a7c15U ^ bytes.size();
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, bytes.size() - at < 8 ? bytes.size() - at : 8);
    const auto product = static_cast<unsigned __int128>(state ^ word) * 0xd6e8feb86659fd93U;
    state = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
    state += 0x9e3779b97f4a7c15U;
  }
  return state ^ state >> 32U;
}

// 128 bits, in the place of bytes that are too long to be kept.
[[nodiscard]] inline std::string digest(std::string_view bytes) {
  const std::uint64_t halves[2] = {hash(bytes, 1), hash(bytes, 0x5851f42d4c957f2dU)};
  std::string text(sizeof halves, '\0');
  std::memcpy(text.data(), halves, sizeof halves);
  return text;
}

// Of hashes, which are spread evenly. Grows by doubling; at most three quarters full.
class HashSet {
 public:
  HashSet() : slots_(std::size_t{1} << 16U) {}
  // False: it was there.
  bool insert(std::uint64_t hash) {
    if (hash == 0) hash = 1;  // 0 marks an empty slot
    if (4 * (size_ + 1) > 3 * slots_.size()) grow();
    if (!place(hash)) return false;
    ++size_;
    return true;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  bool place(std::uint64_t hash) {
    std::size_t at = hash & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == hash) return false;
    }
    slots_[at] = hash;
    return true;
  }
  void grow() {
    std::vector<std::uint64_t> old(slots_.size() * 2);
    old.swap(slots_);
    for (const std::uint64_t hash : old) {
      if (hash != 0) place(hash);
    }
  }

  std::vector<std::uint64_t> slots_;
  std::size_t size_ = 0;
};

}  // namespace muster::exhaustive
