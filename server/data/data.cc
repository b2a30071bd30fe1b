#include "server/data/data.h"

#include <utility>

namespace muster::data {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;

storage::Identity read_identity(storage::FileSystem& files, const std::string& path) {
  const auto file = files.open(path + "/identity");
  if (!file) throw Bad(path + " is no data directory of a Muster server: it holds no file named identity.");
  const auto identity = storage::decode_identity(file->read(0, storage::kStateBlockBytes));
  if (!identity) throw Bad(path + "/identity is damaged.");
  return *identity;
}

}  // namespace

Directory::Directory(const std::string& path) : disk_(storage::real_file_system()) {
  try {
    identity_ = read_identity(*disk_, path);
    lock_ = std::make_unique<storage::DirectoryLock>(path);
    files_ = std::make_unique<storage::ReadOnlyFiles>(*disk_);
    storage::DurableOptions options;
    options.nonce = [next = std::uint64_t{0}]() mutable {
      return ++next;
    };  // what is written is never read again
    options.report = [this](const std::string& sentence) { remarks_.push_back(sentence); };
    durable_ = std::make_unique<storage::Durable>(*files_, path, std::move(options));
    store_ = std::make_unique<storage::LevelDbStore>(*files_, path, storage::LevelDbStore::Options{});
  } catch (const storage::DiskError& error) {
    throw Bad(error.what());
  }
}

void Directory::for_each_entry(const std::function<void(const broadcast::Entry&)>& take) const {
  try {
    Zxid next = durable_->first();
    while (next != Zxid{} && next <= durable_->last()) {
      for (const broadcast::Entry& entry : durable_->read(next, durable_->last(), kReadBytes)) {
        if (entry.zxid != next) throw Bad("the log has no entry " + to_string(next) + ".");
        take(entry);
        next = next.next();
      }
    }
  } catch (const storage::DiskError& error) {
    throw Bad(error.what());
  }
}

}  // namespace muster::data
