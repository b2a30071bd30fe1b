// The data directory of this server: locked, known to be its own, then opened.
#pragma once

#include <memory>
#include <string>

#include "server/config/config.h"
#include "server/node/node.h"
#include "server/storage/directory_lock.h"
#include "server/storage/durable.h"
#include "server/storage/identity.h"
#include "server/storage/state_store.h"

namespace muster::runtime {

class DataDirectory {
 public:
  // Throws StartError: not usable, in use, or another server's.
  explicit DataDirectory(const config::Config& config);

  // Opens log and store: what a node starts from. To be called once, before what follows. Reads the whole checkpoint; one that is
  // damaged is thrown away. `read` of the answer reads the log, as long as this object lives. Throws storage::DiskError: the log is
  // damaged or can't be read.
  [[nodiscard]] node::StartState start_state();

  // Its own state was found to be another than the others': it goes, and none that is older than this is used again. Durable when it
  // returns. Nothing else may work on the store meanwhile.
  void set_state_aside(Zxid state_at_least);

  [[nodiscard]] storage::Durable& durable() { return *durable_; }
  [[nodiscard]] storage::StateStore& store() { return *store_; }
  [[nodiscard]] storage::IdentityFile& identity() { return *identity_; }

 private:
  void open();

  std::string path_;
  bool repair_;
  std::unique_ptr<storage::FileSystem> files_;
  std::unique_ptr<storage::DirectoryLock> lock_;
  std::unique_ptr<storage::IdentityFile> identity_;
  std::unique_ptr<storage::Durable> durable_;
  std::unique_ptr<storage::StateStore> store_;
};

}  // namespace muster::runtime
