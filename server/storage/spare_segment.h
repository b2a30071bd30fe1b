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
  // to use again. False: a slice is wanted, and there is no room for what is missing of the file and for `reserve` bytes besides.
  [[nodiscard]] bool prepare(std::uint64_t wanted, std::uint64_t reserve);
  // Makes blanks of at least so many bytes ready as a whole: take(), called for each in this order, then needs no room. False:
  // there is none for one of them and for `reserve` bytes besides; what is ready by then stays ready.
  [[nodiscard]] bool make(const std::vector<std::uint64_t>& blanks, std::uint64_t reserve);
  // At least `bytes`: the smallest that is ready, or the one that is being prepared, completed. Throws NoSpace if make() did not
  // make it ready.
  [[nodiscard]] Blank take(std::uint64_t bytes);
  // Takes a whole segment's file out of the log: keeps it for use again, or removes it. Durable when it returns. Requires that
  // nobody has it open.
  void recycle(const std::string& path, std::uint64_t capacity);
  // Removes what an earlier process left behind.
  void remove_leftovers();

 private:
  struct Ready {
    std::string path;
    std::uint64_t capacity = 0;
  };

  void begin(std::uint64_t bytes);
  void write_slice();
  [[nodiscard]] bool try_slice(std::uint64_t reserve);
  [[nodiscard]] std::string free_path() const;

  FileSystem& files_;
  std::string directory_, spare_path_;
  std::uint64_t usual_bytes_;
  std::vector<Ready> ready_;    // whole and closed
  std::unique_ptr<File> file_;  // being prepared
  std::uint64_t capacity_ = 0;
  std::uint64_t prepared_ = 0;
};

}  // namespace muster::storage
