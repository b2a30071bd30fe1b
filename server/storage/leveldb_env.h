// LevelDB on the file seam. Where it differs from LevelDB's own (whose unsynced writes are no prefix after a power cut):
//   - Closing a .log syncs it: what follows in the next log can't survive what came before.
//   - A directory is synced when a file appears in it or is renamed.
//   - A log or MANIFEST is worth its records up to the first that does not pass: behind the last sync a power cut leaves anything,
//     and LevelDB would refuse it, or go on behind the hole. What is cut off wrongly, because the disk damaged it, is missed by
//     the digest.
//   - Reads without mmap: a disk that fails is an answer, not a signal.
//   - What LevelDB does by itself, it does in the background.
//   - After the first failure of a write nothing is written any more.
#pragma once

#include <leveldb/env.h>

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "server/storage/file_system.h"

namespace muster::storage {

class LevelDbEnv : public leveldb::EnvWrapper {
 public:
  explicit LevelDbEnv(FileSystem& files);
  ~LevelDbEnv() override;

  // Throws again what failed a write first, if anything did.
  void rethrow() const;

  leveldb::Status NewSequentialFile(const std::string& path, leveldb::SequentialFile** result) override;
  leveldb::Status NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** result) override;
  leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** result) override;
  leveldb::Status NewAppendableFile(const std::string& path, leveldb::WritableFile** result) override;
  bool FileExists(const std::string& path) override;
  leveldb::Status GetChildren(const std::string& directory, std::vector<std::string>* result) override;
  leveldb::Status RemoveFile(const std::string& path) override;
  leveldb::Status CreateDir(const std::string& directory) override;
  leveldb::Status RemoveDir(const std::string& directory) override;
  leveldb::Status GetFileSize(const std::string& path, std::uint64_t* bytes) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  void Schedule(void (*work)(void*), void* argument) override;
  leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;

  // Does `change`, unless something failed before; keeps what it throws.
  template <class Change>
  leveldb::Status attempt(const std::string& path, Change change) {
    if (has_failed()) return leveldb::Status::IOError(path, "an earlier write failed");
    try {
      change();
      return leveldb::Status::OK();
    } catch (const std::exception& error) {
      note_failure();
      return leveldb::Status::IOError(path, error.what());
    } catch (...) {
      note_failure();
      return leveldb::Status::IOError(path, "stopped");
    }
  }

 private:
  [[nodiscard]] bool has_failed() const;
  void note_failure();

  FileSystem& files_;
  mutable std::mutex mutex_;  // LevelDB's compactions have a thread of their own
  std::exception_ptr failure_;
};

// The bytes of a LevelDB log (or MANIFEST) up to the end of the last whole record before the first that does not pass.
[[nodiscard]] std::size_t sound_bytes_of_leveldb_log(std::string_view log);

}  // namespace muster::storage
