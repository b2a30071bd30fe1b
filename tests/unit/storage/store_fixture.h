// Stores to be opened, crashed and opened again.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/storage/leveldb_store.h"
#include "tests/support/locked_files.h"
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
