#include "tests/unit/sweeps/disk_server.h"

#include <atomic>

#include "common/random.h"
#include "server/data/start_state.h"

namespace muster::sweeps {
namespace {

// Never the same twice, whatever disks are copied.
std::uint64_t nonce() {
  static std::atomic<std::uint64_t> count{0};
  return Random(++count).next();
}

// So small that a few records fill a log and a table.
storage::LevelDbStore::Options store_options() {
  storage::LevelDbStore::Options options;
  options.write_buffer_bytes = 64 * 1024;
  options.table_bytes = 1024 * 1024;
  options.clean_keys = 16;
  return options;
}

}  // namespace

DiskServer::DiskServer(storage::SimFileSystem& files, const Options& options)
    : files_(files), options_(options) {
  files_.before_create = [this](const std::string& path) {
    if (!path.ends_with(".ldb")) return;
    std::unique_lock lock(tables_mutex_);
    tables_may_begin_.wait(lock, [this] { return !tables_wait_; });
  };
}

void DiskServer::let_tables_wait(bool wait) {
  const std::lock_guard lock(tables_mutex_);
  tables_wait_ = wait;
  tables_may_begin_.notify_all();
}

node::StartState DiskServer::open() {
  close();
  files_.create_directories(kData);
  identity_.emplace(files_, kData, options_.self);
  const auto report = [this](const std::string& sentence) { reports_.push_back(sentence); };
  storage::DurableOptions options;
  options.segment_bytes = options_.segment_bytes;
  options.nonce = nonce;
  options.report = report;
  options.repair = true;
  durable_ = std::make_unique<storage::Durable>(files_, kData, std::move(options));
  store_ = std::make_unique<storage::LevelDbStore>(files_, kData, store_options());
  node::StartState start = data::start_state(*durable_, *store_, identity_->state_at_least(), kData, report);
  desk_.emplace(*store_);
  return start;
}

void DiskServer::close() {
  desk_.reset();
  store_.reset();
  durable_.reset();
  identity_.reset();
}

}  // namespace muster::sweeps
