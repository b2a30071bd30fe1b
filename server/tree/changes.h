// What of a table changed since it was last collected for a checkpoint. Every element carries a Mark. A collection visits all
// elements once, a slice at a time, and takes each as it was when the collection began: one that changes before its turn is kept
// first (copy before change).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/tree/record.h"

namespace muster::tree {

struct Mark {
  static constexpr std::uint16_t max_round = 0x7FFF;
  std::uint16_t round : 15 = 0;  // in which it changed last; 0: not since it was collected
  bool stored : 1 = false;       // a record of it was collected: when it goes, that has to be told
};

// One slice of a collection: what was found, and when it is enough for one step.
struct Slice {
  static constexpr std::size_t max_visited = 16 * 1024;

  std::size_t max_bytes = 0;  // may be exceeded by one record
  std::vector<Record> records;
  std::size_t bytes = 0;
  std::size_t visited = 0;

  [[nodiscard]] bool full() const { return bytes >= max_bytes || visited >= max_visited; }
  void add(Record record) {
    bytes += size_of(record);
    records.push_back(std::move(record));
  }
};

class Changes {
 public:
  // Of a new element.
  [[nodiscard]] Mark fresh() const {
    Mark mark;
    touch(mark);
    return mark;
  }
  // Whether the collection under way takes this element as it is now. `visited`: it has passed its place.
  [[nodiscard]] bool wants(const Mark& mark, bool visited) const {
    return collecting_ && !visited && (all_ ? mark.round != round_ : mark.round == frozen_);
  }
  // The element is about to change or to go. If it is wanted, its record must have been kept.
  void touch(Mark& mark) const { mark.round = round_ & Mark::max_round; }
  void keep(Mark& mark, Record record);
  // The element that has this key is gone, and a record of it was collected.
  void gone(std::string key) { gone_.push_back(std::move(key)); }
  // The element is taken.
  static void take(Mark& mark, Slice& slice, Record record);

  // What changed up to now is to be collected. Requires that no collection is under way.
  void begin();
  // First what is gone (a key may have come back since), then what was kept.
  void hand_out(Slice& slice);
  [[nodiscard]] bool holds_something() const { return told_ < frozen_gone_.size() || !kept_.empty(); }
  [[nodiscard]] std::size_t kept_bytes() const { return kept_bytes_; }
  // All of it is in a published checkpoint.
  void finish();
  // It will never be published: the next collection takes everything.
  void abandon();

 private:
  std::uint16_t round_ = 1;
  std::uint16_t frozen_ = 0;  // the round being collected
  bool collecting_ = false;
  bool all_ = false;               // the collection takes every element, whatever its mark says
  std::vector<std::string> gone_;  // keys, since the last begin()
  std::vector<std::string> frozen_gone_;
  std::size_t told_ = 0;  // of frozen_gone_
  std::vector<Record> kept_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace muster::tree
