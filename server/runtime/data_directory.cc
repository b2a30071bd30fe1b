#include "server/runtime/data_directory.h"

#include "server/runtime/crypto.h"
#include "server/runtime/logging.h"
#include "server/runtime/server.h"

namespace muster::runtime {

DataDirectory::DataDirectory(const config::Config& config) : files_(storage::real_file_system()) {
  try {
    files_->create_directories(config.data_dir);
    lock_ = std::make_unique<storage::DirectoryLock>(config.data_dir);
    identity_ = std::make_unique<storage::IdentityFile>(*files_, config.data_dir, config.server_id);
  } catch (const storage::DiskError& error) {
    throw StartError(error.what());
  }
  storage::DurableOptions options;
  options.nonce = random_number;
  options.report = [](const std::string& sentence) { log::warn(sentence); };
  durable_ = std::make_unique<storage::Durable>(*files_, config.data_dir, std::move(options));
}

}  // namespace muster::runtime
