// The durable state below the log: one checkpoint, which is whole or absent, and the next one in the making.
//
//   put(n, …) put(n, …) …   records of checkpoint n, in any number of batches; nobody sees them yet
//   publish(n, meta)        one small synced batch: from here on, and after any crash, n is the current one
//   clean() clean() …       what n superseded goes, a slice at a time
//
// A crash before publish() has returned leaves the checkpoint before, or n whole; what was put of n is then removed by clean().
// No key is the front of another one. Records of a key that is not put again are those of the checkpoint before. All calls block; they come from one thread at a time.
// Any failure of the disk is thrown as DiskError and ends the process; so does damage that is noticed outside of a view.
// Real: leveldb_store. In the simulator: tests/support/memory_store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/tree/record.h"

namespace muster::storage {

// The store can't be read, or does not hold what it should. It costs only the store (StateStore::discard), never log or vote.
class StoreDamaged : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The records of one checkpoint as they were when the view was made, whatever is put, published or cleaned meanwhile.
class StateView {
 public:
  virtual ~StateView() = default;
  [[nodiscard]] virtual std::uint64_t number() const = 0;
  [[nodiscard]] virtual const std::string& meta() const = 0;
  // The next records in ascending order of their keys: at least one, about max_bytes at most. Empty: that was all.
  // Throws StoreDamaged. May be called on another thread than the store's.
  [[nodiscard]] virtual tree::PackedRecords read(std::size_t max_bytes) = 0;
  [[nodiscard]] std::vector<tree::Record> next(std::size_t max_bytes) {
    std::vector<tree::Record> records;
    (void)read(max_bytes).all([&](tree::RecordView record) {
      records.push_back({std::string(record.key), std::string(record.value)});
      return true;
    });
    return records;
  }
};

// A second store that is filled beside the current one and takes its place in one step. What is left of one that never did is
// removed when it is destroyed, and at the next start.
class StateInstaller {
 public:
  virtual ~StateInstaller() = default;
  // False: the disk has not enough room; nothing was written.
  [[nodiscard]] virtual bool put(const std::vector<tree::Record>& records) = 0;
  // Durable, and in the place of the store that made this installer, when it returns. To be called once, and nothing after it.
  virtual void finish(std::uint64_t number, const std::string& meta) = 0;
};

class StateStore {
 public:
  struct Current {
    std::uint64_t number = 0;
    std::string meta;  // of the one who published it; not looked at
  };

  virtual ~StateStore() = default;
  // Nothing: none was published yet. Throws StoreDamaged.
  [[nodiscard]] virtual std::optional<Current> current() const = 0;
  // Of the current checkpoint. Requires that there is one. It must be gone before discard() and StateInstaller::finish().
  [[nodiscard]] virtual std::unique_ptr<StateView> view() const = 0;

  // Not synced. Of a key that is put twice under one number, the last counts. Requires number > current's, and, after an opening or
  // a publish, that clean() has come to its end. False: the disk has not enough room; nothing was written.
  [[nodiscard]] virtual bool put(std::uint64_t number, const std::vector<tree::Record>& records) = 0;
  // Everything before it is durable when it returns.
  virtual void publish(std::uint64_t number, const std::string& meta) = 0;
  // Removes a slice of what does not belong to the current checkpoint. True: there is more.
  [[nodiscard]] virtual bool clean() = 0;

  // Throws everything away: a store in which nothing was ever published.
  virtual void discard() = 0;
  // At most one at a time.
  [[nodiscard]] virtual std::unique_ptr<StateInstaller> install() = 0;
};

}  // namespace muster::storage
