// The answer to getChildren of a znode that has more children than one step should take: it is given a piece at a time, and lists
// them as they were when it began, whatever becomes of them meanwhile. What is not given yet takes no memory, only what has changed.
#pragma once

#include <muster/ids.h>
#include <muster/stat.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "common/wire/replies.h"
#include "server/tree/tree.h"

namespace muster::frontend {

class Listing {
 public:
  // Appends how the frame begins. Requires that the znode exists.
  Listing(const tree::Tree& tree, std::string path, bool with_stat, Xid xid, std::string& out);

  // Appends up to `max` (at least 1) names that are still there, and those between them that are gone. Requires that it is not whole.
  void append(const tree::Tree& tree, std::size_t max, std::string& out);
  // The frame is complete.
  [[nodiscard]] bool whole() const { return whole_; }
  // Of each change of the tree since it began, before anything more is appended.
  void note(const tree::Change& change);

  [[nodiscard]] Zxid zxid() const { return zxid_; }  // when it began
  [[nodiscard]] std::size_t frame_bytes() const { return wire::frame_bytes(size_); }
  [[nodiscard]] std::size_t memory() const { return memory_; }  // about

 private:
  using Names = std::set<std::string, std::less<>>;
  void give(std::string_view name, std::string& out);
  void give_gone(std::string_view up_to, std::string& out);
  void add(Names& names, std::string_view name);
  bool erase(Names& names, std::string_view name);

  std::string path_;
  Zxid zxid_;
  Stat stat_;
  wire::ChildrenSize size_;
  std::size_t given_ = 0;
  std::string last_;  // all up to this name are given
  // Behind it, since it began:
  Names gone_;  // were there then and are to be listed
  Names born_;  // are there now and are not
  std::size_t memory_ = 0;
  bool whole_ = false;
};

}  // namespace muster::frontend
