// The data directory of this server: locked, known to be its own, opened.
#pragma once

#include <memory>
#include <string>

#include "server/config/config.h"
#include "server/storage/directory_lock.h"
#include "server/storage/durable.h"
#include "server/storage/identity.h"

namespace muster::runtime {

class DataDirectory {
 public:
  // Throws StartError: not usable, in use, or another server's. Throws storage::DiskError: the log is damaged
  // or can't be read.
  explicit DataDirectory(const config::Config& config);

  [[nodiscard]] storage::Durable& durable() { return *durable_; }
  [[nodiscard]] storage::IdentityFile& identity() { return *identity_; }

 private:
  std::unique_ptr<storage::FileSystem> files_;
  std::unique_ptr<storage::DirectoryLock> lock_;
  std::unique_ptr<storage::IdentityFile> identity_;
  std::unique_ptr<storage::Durable> durable_;
};

}  // namespace muster::runtime
