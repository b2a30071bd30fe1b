// StateStore in LevelDB, in a directory of its own below the data directory:
//
//   state-<n>/     the store; with the greatest n, if a crash left two
//   state.new/     one that is being filled; it takes the place of state-<n> by being renamed to state-<n + 1>
//
// In LevelDB:
//   "\0current"                            number of the current checkpoint, 8 bytes big endian, then its meta
//   <record key> <~number, 8 bytes BE>     the record's value as of that checkpoint; so the newest comes first. Empty: gone
// Record keys never are a front of one another (proto/state.proto), so the versions of one key lie side by side.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/storage/file_system.h"
#include "server/storage/state_store.h"

namespace muster::storage {

class LevelDbStore : public StateStore {
 public:
  struct Options {
    std::size_t write_buffer_bytes = 4 * 1024 * 1024;
    std::size_t table_bytes = 4 * 1024 * 1024;
    std::size_t clean_keys = 2000;                // looked at in one slice
    std::uint64_t room_bytes = 64 * 1024 * 1024;  // left free for the log, and for LevelDB to move things
  };

  // Opens the store in `data_directory`, or an empty one, and removes what an interrupted change of stores left. A store that can't
  // be opened is damaged: current() says so. Throws DiskError.
  LevelDbStore(FileSystem& files, std::string data_directory, const Options& options);
  ~LevelDbStore() override;

  [[nodiscard]] std::optional<Current> current() const override;
  [[nodiscard]] std::unique_ptr<StateView> view() const override;
  [[nodiscard]] bool put(std::uint64_t number, const std::vector<tree::Record>& records) override;
  void publish(std::uint64_t number, const std::string& meta) override;
  [[nodiscard]] bool clean() override;
  void discard() override;
  [[nodiscard]] std::unique_ptr<StateInstaller> install() override;

  // Of all checkpoints, removed ones included: how much clean() has left.
  [[nodiscard]] std::size_t stored_records() const;

 private:
  class Database;
  class Installer;
  class Leftovers;

  [[nodiscard]] std::string path_of(std::uint64_t generation) const;
  [[nodiscard]] Database& database() const;
  void open();
  void switch_to_new();
  void remove_store(const std::string& directory);

  FileSystem& files_;
  std::string data_directory_;
  Options options_;
  std::uint64_t generation_ = 0;  // the n of state-<n>
  std::unique_ptr<Database> database_;
  std::string damage_;  // why there is none
};

}  // namespace muster::storage
