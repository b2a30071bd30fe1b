#include "server/tree/hash_index.h"

#include "common/check.h"

namespace muster::tree {

void HashIndex::place(std::vector<Slot>& slots, Slot slot) {
  const std::size_t mask = slots.size() - 1;
  std::size_t at = slot.tag & mask;
  while (slots[at].record != none) at = (at + 1) & mask;
  slots[at] = slot;
}

void HashIndex::insert(std::uint64_t hash, std::uint32_t record) {
  Shard& shard = shards_[hash >> 56];
  if ((shard.used + 1) * 4 > shard.slots.size() * 3) {
    std::vector<Slot> larger(shard.slots.empty() ? 4 : shard.slots.size() * 2);
    for (const Slot& slot : shard.slots) {
      if (slot.record != none) place(larger, slot);
    }
    shard.slots = std::move(larger);
  }
  place(shard.slots, {static_cast<std::uint32_t>(hash), record});
  ++shard.used;
}

void HashIndex::erase(std::uint64_t hash, std::uint32_t record) {
  Shard& shard = shards_[hash >> 56];
  CHECK(!shard.slots.empty(), "the record is in the index");
  const std::size_t mask = shard.slots.size() - 1;
  std::size_t hole = static_cast<std::uint32_t>(hash) & mask;
  while (shard.slots[hole].record != record) {
    CHECK(shard.slots[hole].record != none, "the record is in the index");
    hole = (hole + 1) & mask;
  }
  // What follows moves up, so that no search ends early at the hole; a slot may not move before the place
  // where its search begins.
  for (std::size_t at = (hole + 1) & mask; shard.slots[at].record != none; at = (at + 1) & mask) {
    const std::size_t home = shard.slots[at].tag & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    shard.slots[hole] = shard.slots[at];
    hole = at;
  }
  shard.slots[hole] = {};
  --shard.used;
}

}  // namespace muster::tree
