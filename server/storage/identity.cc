#include "server/storage/identity.h"

#include "common/check.h"

namespace muster::storage {
namespace {

constexpr std::string_view kName = "/identity";
constexpr std::string_view kNewName = "/identity.new";

}  // namespace

IdentityFile::IdentityFile(FileSystem& files, std::string directory, ServerId self)
    : files_(files), directory_(std::move(directory)) {
  files_.create_directories(directory_);
  load();
  if (identity_.server == self) return;
  if (identity_.server != ServerId{})
    throw DiskError("the data directory " + directory_ + " belongs to server " + to_string(identity_.server) +
                    ", but this is server " + to_string(self) +
                    ". Correct the server's number or its data directory.");
  identity_.server = self;
  store();
}

void IdentityFile::load() {
  const auto file = files_.open(directory_ + std::string(kName));
  if (!file) {
    for (const std::string& name : files_.list(directory_))
      if (name.starts_with("log-") || name.starts_with("vote-") || name.starts_with("state-"))
        throw DiskError("the data directory " + directory_ + " holds " + name +
                        " but no file named identity, so it is not known whose it is. Put that file back, or "
                        "use an empty "
                        "directory.");
    return;
  }
  const auto found = decode_identity(file->read(0, kStateBlockBytes));
  if (!found)
    throw DiskError(directory_ + std::string(kName) +
                    " is damaged. Check the disk, then put the file back or move the server's data directory "
                    "away and start it "
                    "empty: the others will bring it up to date.");
  identity_ = *found;
}

void IdentityFile::set_cluster(const std::string& cluster_id) {
  CHECK(!cluster_id.empty(), "a cluster has an id");
  if (identity_.cluster_id == cluster_id) return;
  if (!identity_.cluster_id.empty())
    throw DiskError("the data directory " + directory_ +
                    " belongs to another cluster. Correct the list of servers, or use an empty directory.");
  identity_.cluster_id = cluster_id;
  store();
}

void IdentityFile::set_state_at_least(Zxid zxid) {
  if (zxid <= identity_.state_at_least) return;
  identity_.state_at_least = zxid;
  store();
}

void IdentityFile::store() {
  const std::string fresh = directory_ + std::string(kNewName);
  {
    const auto file = files_.create(fresh);
    file->write(0, encode(identity_));
    file->sync(SyncSite::identity);
  }
  files_.rename(fresh, directory_ + std::string(kName));
  files_.sync_directory(directory_, SyncSite::identity_name);
}

}  // namespace muster::storage
