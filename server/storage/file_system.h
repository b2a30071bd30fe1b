// The seam between storage and the disk: a real side (real_file_system) and, for tests, a simulated one that
// forgets what was not synced (tests/support/sim_file_system). Any failure of the disk is thrown as DiskError
// and is never handled: it ends the process (DESIGN D6). Only "not there" is an answer, and NoSpace to whoever only
// makes a file ready that nothing depends on yet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace muster::storage {

class DiskError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// A file can't be made or made longer: the disk, or what this user may take of it, is full. Part of a write may be there.
class NoSpace : public DiskError {
 public:
  using DiskError::DiskError;
};
// What was written safely once is there no more, or is not what it was. Nothing was changed. `fact` is what is damaged.
class Damaged : public DiskError {
 public:
  explicit Damaged(const std::string& fact)
      : DiskError(fact +
                  ". Nothing was changed. Check the disk and move the server's data directory away: one of "
                  "several servers is "
                  "then started empty, and the others bring it up to date; one that is alone needs a backup "
                  "(muster "
                  "restore)."),
        fact_(fact) {}
  [[nodiscard]] const std::string& fact() const { return fact_; }

 private:
  std::string fact_;
};

// Who asks for a sync. Each call has a name of its own, so that the tests can show of every one what is lost without it.
enum class SyncSite : std::uint8_t {
  directory,  // one that was made has its name
  identity,
  identity_name,
  vote,
  vote_name,
  log_batch,
  log_segment_end,  // before its successor begins
  log_segment,      // a new or rewritten one, before it has its name
  log_segment_name,
  log_segment_removed,
  log_segment_recycled,
  log_set_aside,
  log_absence,  // that there is none, when a start finds none
  spare_slice,
  store_batch,  // of LevelDB's log, when a checkpoint is published
  store_log_end,
  store_table,
  store_manifest,
  store_current,
  store_current_name,
  store_file_name,
  store_switched,  // another store has taken its place
};
inline constexpr SyncSite last_sync_site = SyncSite::store_switched;

class File {
 public:
  virtual ~File() = default;
  // Reads up to `bytes` from `offset` into the front of the answer; shorter only at the end of the file.
  [[nodiscard]] virtual std::string read(std::uint64_t offset, std::size_t bytes) = 0;
  virtual void write(std::uint64_t offset, std::string_view bytes) = 0;
  virtual void sync(SyncSite site) = 0;  // fdatasync: contents and size are durable when it returns
  [[nodiscard]] virtual std::uint64_t size() = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual void create_directories(const std::string& path) = 0;
  // Names (not paths) of a directory's files and directories, sorted. A directory that is not there has none.
  [[nodiscard]] virtual std::vector<std::string> list(const std::string& directory) = 0;
  // Creates an empty file; one that exists is emptied.
  [[nodiscard]] virtual std::unique_ptr<File> create(const std::string& path) = 0;
  // Opens for reading and writing; null if it is not there.
  [[nodiscard]] virtual std::unique_ptr<File> open(const std::string& path) = 0;
  virtual void rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual void remove(const std::string& path) = 0;
  // Directories, which list() names as well. `to` must not be there; what is removed must be empty.
  virtual void rename_directory(const std::string& from, const std::string& to) = 0;
  virtual void remove_directory(const std::string& path) = 0;
  // What this process may still write there.
  [[nodiscard]] virtual std::uint64_t free_bytes(const std::string& directory) = 0;
  // Makes create, rename and remove in it durable.
  virtual void sync_directory(const std::string& path, SyncSite site) = 0;
};

[[nodiscard]] std::unique_ptr<FileSystem> real_file_system();

}  // namespace muster::storage
