// Epoch and vote, in two files of one block each (vote-0, vote-1). A write goes to one, is synced, then to
// the other: at every moment one of them is whole, and when a write has returned both say it, so that either
// may be lost.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "server/storage/file_system.h"
#include "server/storage/state_codec.h"

namespace muster::storage {

class VoteFiles {
 public:
  // Reads both; the valid one with the greater sequence counts. `report` may be null.
  // Throws Damaged if none is valid and a crash during the first start can't be the reason.
  VoteFiles(FileSystem& files, std::string directory, std::function<void(const std::string&)> report);

  // Renames damaged ones to damaged-vote-0 and -1, as if there had been none. Not synced: until the new ones are durable, a start finds
  // damaged ones or none, and does the same.
  static void set_aside(FileSystem& files, const std::string& directory);

  // What was found at the start or written last; nothing in a new directory.
  [[nodiscard]] const std::optional<broadcast::HardState>& state() const { return state_; }
  // Durable in both files when it returns.
  void write(const broadcast::HardState& state);

 private:
  [[nodiscard]] std::string path(std::size_t which) const;
  void write_one(std::size_t which, const std::string& block);

  FileSystem& files_;
  std::string directory_;
  std::array<std::unique_ptr<File>, 2> open_;
  std::optional<broadcast::HardState> state_;
  std::uint64_t sequence_ = 0;
  std::size_t newer_ = 1;  // the other is written first, so that the newer one is never at risk alone
};

}  // namespace muster::storage
