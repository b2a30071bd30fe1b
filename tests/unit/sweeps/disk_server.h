// One server's durable state as musterd keeps and starts it (server/runtime/data_directory), on a simulated disk.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/node/start.h"
#include "server/storage/durable.h"
#include "server/storage/identity.h"
#include "server/storage/leveldb_store.h"
#include "server/storage/state_desk.h"
#include "tests/support/locked_files.h"
#include "tests/support/sim_file_system.h"

namespace muster::sweeps {

inline const std::string kData = "/data";

class DiskServer {
 public:
  struct Options {
    std::uint64_t segment_bytes = 2048;
    ServerId self{1};
  };
  explicit DiskServer(storage::SimFileSystem& files) : DiskServer(files, Options{}) {}
  DiskServer(storage::SimFileSystem& files, const Options& options);
  ~DiskServer() { close(); }
  DiskServer(const DiskServer&) = delete;
  DiskServer& operator=(const DiskServer&) = delete;

  // Opens everything and reads what a start reads. Throws as the parts do.
  node::StartState open();
  void close();

  [[nodiscard]] storage::IdentityFile& identity() { return *identity_; }
  [[nodiscard]] storage::Durable& durable() { return *durable_; }
  [[nodiscard]] storage::LevelDbStore& store() { return *store_; }
  [[nodiscard]] storage::StateDesk& desk() { return *desk_; }
  // While they wait, LevelDB's thread does not begin a table, and what was put stays in its logs. Not while it is opened.
  void let_tables_wait(bool wait);
  [[nodiscard]] const std::vector<std::string>& reports() const { return reports_; }

 private:
  storage::LockedFiles files_;
  std::mutex tables_mutex_;
  std::condition_variable tables_may_begin_;
  bool tables_wait_ = false;
  Options options_;
  std::vector<std::string> reports_;
  std::optional<storage::IdentityFile> identity_;
  std::unique_ptr<storage::Durable> durable_;
  std::unique_ptr<storage::LevelDbStore> store_;
  std::optional<storage::StateDesk> desk_;
};

}  // namespace muster::sweeps
