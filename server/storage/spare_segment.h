// Files for new segments that are really written already: writing into them changes no metadata. A file that the log has no more
// use for serves again as it is (its old records can't pass for new ones, log_format.h); else one of zeros is prepared ahead, a
// slice at a time, so that no write of the log waits for a whole one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/storage/file_system.h"

namespace muster::storage {

class SpareSegment {
 public:
  // A file under a temporary name in the directory; it must be renamed before the next one is asked for.
  struct Blank {
    std::string path;
    std::unique_ptr<File> file;
    std::uint64_t capacity = 0;
  };

  SpareSegment(FileSystem& files, const std::string& directory, std::uint64_t usual_bytes);

  // Writes and syncs at most one slice of the usual size's next file: none if `wanted` bytes of it are there already, or there is one
  // to use again.
  void prepare(std::uint64_t wanted);
  // At least `bytes`: a file to use again, the prepared one (completed if need be), or one of its own for a record above the usual
  // size.
  [[nodiscard]] Blank take(std::uint64_t bytes);
  // Takes a whole segment's file out of the log: keeps it for use again, or removes it. Durable when it returns. Requires that
  // nobody has it open.
  void recycle(const std::string& path, std::uint64_t capacity);
  // Removes what an earlier process left behind.
  void remove_leftovers();

 private:
  void write_slice();

  FileSystem& files_;
  std::string directory_;
  std::uint64_t usual_bytes_;
  std::vector<std::string> recycled_;  // paths, of the usual size
  std::unique_ptr<File> file_;
  std::uint64_t capacity_ = 0;
  std::uint64_t prepared_ = 0;
};

}  // namespace muster::storage
