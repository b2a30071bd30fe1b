// One LevelDB database with the checkpoints in it; leveldb_store.h has the keys. Knows nothing of other databases beside it.
#pragma once

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/iterator.h>
#include <leveldb/write_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/storage/file_system.h"
#include "server/storage/leveldb_env.h"
#include "server/storage/leveldb_store.h"
#include "server/storage/state_store.h"

namespace muster::storage {

class LevelDbDatabase {
 public:
  // Opens it, or makes an empty one. Throws StoreDamaged or DiskError.
  LevelDbDatabase(FileSystem& files, std::string path, const LevelDbStore::Options& options);
  ~LevelDbDatabase();

  // As those of StateStore.
  [[nodiscard]] const std::optional<StateStore::Current>& current() const { return current_; }
  [[nodiscard]] std::unique_ptr<StateView> view() const;
  [[nodiscard]] bool put(std::uint64_t number, const std::vector<tree::Record>& records);
  void publish(std::uint64_t number, const std::string& meta);
  [[nodiscard]] bool clean();
  [[nodiscard]] std::size_t stored_records() const;

 private:
  void open();
  void read_current();
  void write(leveldb::WriteBatch& batch, bool sync);
  [[noreturn]] void fail(const leveldb::Status& status) const;
  // Notes for removal what the current checkpoint does not need of the key that `at` is at, and moves on to the next key.
  std::size_t clean_key(leveldb::Iterator& at, leveldb::WriteBatch& batch) const;
  [[nodiscard]] bool sweep(leveldb::WriteBatch& batch);
  void note_put(std::string_view key);
  [[nodiscard]] std::string_view last_put() const;
  void forget_last_put();
  [[nodiscard]] bool clean_put_keys(leveldb::WriteBatch& batch);

  FileSystem& files_;
  std::string path_;
  LevelDbStore::Options options_;
  LevelDbEnv env_;
  std::unique_ptr<leveldb::Logger> silence_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<leveldb::DB> db_;
  std::optional<StateStore::Current> current_;
  // What may be superseded: everything, as after an opening, or the keys that were put.
  bool sweep_ = true;
  std::unique_ptr<leveldb::Iterator> swept_to_;
  std::string
      put_keys_;  // each with its length behind it, 4 bytes: as little as can be, since there may be very many
};

}  // namespace muster::storage
