// Stores to be opened, crashed and opened again.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/storage/leveldb_store.h"
#include "tests/support/memory_store.h"
#include "tests/support/sim_file_system.h"

namespace muster::storage {

using Contents = std::map<std::string, std::string>;

inline Contents read_all(StateView& view, std::size_t part_bytes = 100) {
  Contents contents;
  std::string last;
  for (auto part = view.next(part_bytes); !part.empty(); part = view.next(part_bytes)) {
    for (tree::Record& record : part) {
      REQUIRE(record.key > last);
      last = record.key;
      contents[record.key] = std::move(record.value);
    }
  }
  return contents;
}
inline Contents contents_of(const StateStore& store) { return read_all(*store.view()); }
inline void clean_all(StateStore& store) {
  while (store.clean()) {
  }
}
inline void publish(StateStore& store, std::uint64_t number, const std::vector<tree::Record>& records) {
  clean_all(store);
  REQUIRE(store.put(number, records));
  store.publish(number, "meta " + std::to_string(number));
}

// LevelDB has a thread of its own; a simulated disk has one lock.
class LockedFiles : public FileSystem {
 public:
  explicit LockedFiles(FileSystem& files) : files_(files) {}
  void create_directories(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    files_.create_directories(path);
  }
  std::vector<std::string> list(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    return files_.list(directory);
  }
  std::unique_ptr<File> create(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    return std::make_unique<Locked>(mutex_, files_.create(path));
  }
  std::unique_ptr<File> open(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    auto file = files_.open(path);
    if (!file) return nullptr;
    return std::make_unique<Locked>(mutex_, std::move(file));
  }
  void rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    files_.rename(from, to);
  }
  void remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    files_.remove(path);
  }
  void rename_directory(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    files_.rename_directory(from, to);
  }
  void remove_directory(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    files_.remove_directory(path);
  }
  std::uint64_t free_bytes(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    return files_.free_bytes(directory);
  }
  void sync_directory(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    files_.sync_directory(path);
  }

 private:
  class Locked : public File {
   public:
    Locked(std::mutex& mutex, std::unique_ptr<File> file) : mutex_(mutex), file_(std::move(file)) {}
    ~Locked() override {
      const std::lock_guard lock(mutex_);
      file_.reset();
    }
    std::string read(std::uint64_t offset, std::size_t bytes) override {
      const std::lock_guard lock(mutex_);
      return file_->read(offset, bytes);
    }
    void write(std::uint64_t offset, std::string_view bytes) override {
      const std::lock_guard lock(mutex_);
      file_->write(offset, bytes);
    }
    void sync() override {
      const std::lock_guard lock(mutex_);
      file_->sync();
    }
    std::uint64_t size() override {
      const std::lock_guard lock(mutex_);
      return file_->size();
    }

   private:
    std::mutex& mutex_;
    std::unique_ptr<File> file_;
  };

  FileSystem& files_;
  std::mutex mutex_;
};

inline const std::string kStoreDirectory = "/data";

// So small that a few records fill a log, a table and a level.
inline LevelDbStore::Options small_store() {
  LevelDbStore::Options options;
  options.write_buffer_bytes = 64 * 1024;
  options.table_bytes = 1024 * 1024;
  options.clean_keys = 7;
  return options;
}

struct LevelDbOnDisk {
  SimFileSystem files;
  LockedFiles locked{files};
  std::unique_ptr<LevelDbStore> store;

  LevelDbOnDisk() { reopen(); }
  LevelDbStore* operator->() { return store.get(); }
  LevelDbStore& operator*() { return *store; }
  void reopen() {
    store.reset();
    store = std::make_unique<LevelDbStore>(locked, kStoreDirectory, small_store());
  }
  // Records in the database, of all numbers.
  std::size_t versions() { return store->stored_records(); }
};

struct InMemory {
  MemoryStore store;
  MemoryStore* operator->() { return &store; }
  MemoryStore& operator*() { return store; }
  void reopen() { store.reopen(); }
  std::size_t versions() { return store.versions(); }
};

}  // namespace muster::storage
