// All that a power cut now may leave of a simulated disk, as a list in a fixed order. Beside them SimFileSystem::crash_image draws
// one by chance.
//
//   writes   those since their file's last sync, cut at the borders of sectors into pieces, in the order written. Up to 8 pieces: every
//            subset of them. More: every front (so the last write is torn at each 512 bytes), all but one, and every front that
//            lacks the piece before its last (later there, earlier not)
//   sizes    each file as long as it was to be, with zeros where nothing arrived; or only as long as what arrived
//   names    of each directory every front of its changes, and all but one together with those that build on it
//   directories made, renamed, removed: every front of these changes
// All of it together while that is not too much; else each kind with all and with nothing of the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/sim_file_system.h"

namespace muster::storage {

class CrashImages {
 public:
  explicit CrashImages(const SimFileSystem& disk);

  [[nodiscard]] std::size_t size() const { return plans_.size(); }
  // Requires n < size(). Several may be equal. 0: nothing of what was not synced; 1: all of it.
  [[nodiscard]] SimFileSystem at(std::size_t n) const;
  // Of a disk's durable names and contents; equal for equal ones.
  [[nodiscard]] static std::uint64_t fingerprint(const SimFileSystem& image);

 private:
  using Kept = std::vector<bool>;
  struct Piece {
    SimFileSystem::InodeId inode = 0;
    std::uint64_t turn = 0, offset = 0;
    std::string bytes;
  };
  // The disk with a front of its changes of directories, and what may be left of the names in them.
  struct Tree {
    SimFileSystem disk;
    std::vector<std::vector<Kept>> names;  // for each choice, for each directory in order
  };
  struct Plan {
    std::size_t tree = 0, names = 0, pieces = 0;
    bool whole_size = false;
  };

  void cut_into_pieces(const SimFileSystem& disk);
  void choose_pieces();
  void plan();
  [[nodiscard]] static std::vector<std::vector<Kept>> choose_names(const SimFileSystem& disk);
  [[nodiscard]] SimFileSystem::Content left_of(SimFileSystem::InodeId inode, const Plan& plan,
                                               const SimFileSystem::Inode& file) const;

  std::vector<Piece> pieces_;
  std::vector<Kept> piece_choices_;  // none, all, then the others
  std::vector<Tree> trees_;          // none, all, then the others
  std::vector<Plan> plans_;
};

}  // namespace muster::storage
