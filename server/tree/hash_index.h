// From the hash of a key to the number of the record that holds the key; the keys stay with their records.
// Split into shards by the hash's high bits, so that growing is a small step even with millions of keys.
// Lookup only: its order never shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::tree {

class HashIndex {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  // The record of that hash for which `is_it(record)` holds, or none.
  template <class IsIt>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, const IsIt& is_it) const {
    const Shard& shard = shards_[hash >> 56];
    if (shard.slots.empty()) return none;
    const auto tag = static_cast<std::uint32_t>(hash);
    const std::size_t mask = shard.slots.size() - 1;
    for (std::size_t at = tag & mask; shard.slots[at].record != none; at = (at + 1) & mask) {
      if (shard.slots[at].tag == tag && is_it(shard.slots[at].record)) return shard.slots[at].record;
    }
    return none;
  }
  // Requires that `record` is not there yet.
  void insert(std::uint64_t hash, std::uint32_t record);
  // A hint: a record of that hash will soon be inserted, or looked for. Hides that memory is slow.
  void prefetch(std::uint64_t hash) const {
    const Shard& shard = shards_[hash >> 56];
    if (!shard.slots.empty())
      __builtin_prefetch(&shard.slots[static_cast<std::uint32_t>(hash) & (shard.slots.size() - 1)]);
  }
  // Requires that `record` is there.
  void erase(std::uint64_t hash, std::uint32_t record);

 private:
  struct Slot {
    std::uint32_t tag = 0;  // low half of the hash; its low bits are the slot where the search begins
    std::uint32_t record = none;
  };
  struct Shard {
    std::vector<Slot> slots;  // a power of two, at most three quarters in use
    std::size_t used = 0;
  };
  static void place(std::vector<Slot>& slots, Slot slot);

  std::array<Shard, 256> shards_;
};

}  // namespace muster::tree
