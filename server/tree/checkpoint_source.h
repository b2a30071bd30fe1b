// A checkpoint's records out of a living tree, and a tree out of a checkpoint's records. Pure.
//
//   CheckpointSource source(tree);
//   source.begin();                        what it collects is the tree as it is now, whatever is applied meanwhile
//   while (!(slice = source.next()).last)  the records of everything that changed since the last checkpoint, a small step at a time
//   source.published() or abandon()        it is the last checkpoint now, or never will be: then the next one holds everything
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/tree/changes.h"
#include "server/tree/record.h"
#include "server/tree/restoring.h"
#include "server/tree/tree.h"

namespace muster::tree {

// A handle: what it knows is in the tree. One collection at a time (CHECK).
class CheckpointSource {
 public:
  struct Part {
    std::vector<Record>
        records;  // of a key that comes twice in one checkpoint, the last counts; may be empty
    bool last = false;
  };

  explicit CheckpointSource(Tree& tree) : tree_(tree) {}
  void begin();
  [[nodiscard]] Part next(std::size_t max_bytes);
  void published();
  void abandon();
  // Copies of what changed before its turn, waiting for next().
  [[nodiscard]] std::size_t kept_bytes() const;

 private:
  Tree& tree_;
};

// Takes a checkpoint's live records in ascending order of their keys.
class TreeLoader {
 public:
  // False: it does not fit: damaged, out of order, or something missing before it.
  [[nodiscard]] bool add(RecordView record);
  // The tree as it was at `applied`. Whether it is whole its digest says. Nothing may be added after it.
  [[nodiscard]] Tree take(Zxid applied);

 private:
  Tree tree_;
  Restoring restoring_;
  std::string last_key_;
};

}  // namespace muster::tree
