#include "server/runtime/data_directory.h"

#include <utility>

#include "server/data/start_state.h"
#include "server/runtime/crypto.h"
#include "server/runtime/logging.h"
#include "server/runtime/server.h"
#include "server/storage/leveldb_store.h"

namespace muster::runtime {

DataDirectory::DataDirectory(const config::Config& config)
    : path_(config.data_dir), repair_(config.membership().voters() > 1), files_(storage::real_file_system()) {
  try {
    files_->create_directories(path_);
    lock_ = std::make_unique<storage::DirectoryLock>(path_);
    identity_ = std::make_unique<storage::IdentityFile>(*files_, path_, config.server_id);
  } catch (const storage::DiskError& error) {
    throw StartError(error.what());
  }
}

void DataDirectory::open() {
  storage::DurableOptions options;
  options.nonce = random_number;
  options.report = [](const std::string& sentence) { log::warn(sentence); };
  options.repair = repair_;
  durable_ = std::make_unique<storage::Durable>(*files_, path_, std::move(options));
  store_ = std::make_unique<storage::LevelDbStore>(*files_, path_, storage::LevelDbStore::Options{});
}

node::StartState DataDirectory::start_state() {
  open();
  return data::start_state(*durable_, *store_, identity_->state_at_least(), path_,
                           [](const std::string& sentence) { log::warn(sentence); });
}

// First the state: a crash before the second step leaves a server that makes it anew from its log, or asks for one.
void DataDirectory::set_state_aside(Zxid state_at_least) {
  store_->discard();
  identity_->set_state_at_least(state_at_least);
}

}  // namespace muster::runtime
