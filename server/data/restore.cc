#include "server/data/restore.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <filesystem>
#include <random>
#include <utility>

#include "common/check.h"
#include "proto/state.pb.h"
#include "server/node/checkpoint.h"
#include "server/storage/identity.h"
#include "server/tree/checkpoint_source.h"

namespace muster::data {
namespace {

namespace fs = std::filesystem;

// The same on all servers that are given the same; nobody who does not hold the backup can know it.
std::string derive(const BackupHeader& header, const NewServer& server, const std::string& what) {
  std::string message = what + '\0' + server.name;
  for (const broadcast::Member& member : server.membership.members)
    message += fmt::format(" {}{}", member.id.value, member.voter ? "v" : "o");
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), header.seed.data(), static_cast<int>(header.seed.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(),
             &size) != nullptr,
        "the digest is known to the library");
  return {reinterpret_cast<const char*>(mac.data()), size};
}

bool outlives_its_session(const tree::Record& record) {
  proto::ZnodeRecord znode;
  return record.key[0] == 'Z' && znode.ParseFromString(record.value) &&
         znode.kind() != proto::ZnodeRecord::EPHEMERAL;
}

node::Meta meta_of(const BackupHeader& header, const NewServer& server, std::uint64_t digest) {
  node::Meta meta;
  meta.number = 1;
  meta.digest = digest;
  broadcast::Base& base = meta.base;
  base.zxid = Zxid{header.zxid.value + kZxidGap};
  base.epoch = header.epoch;
  base.founding.cluster_id = derive(header, server, "cluster id").substr(0, 16);
  base.founding.secret = derive(header, server, "secret");
  base.founding.membership = base.membership = server.membership;
  base.membership_set = base.zxid;
  base.epochs = {{base.epoch, base.zxid}};
  return meta;
}

// The store with the state, then a log that goes on above it and a vote that counts: a server that was stopped there.
void build(const std::string& backup, const NewServer& server, const std::string& directory) {
  const auto files = storage::real_file_system();
  storage::IdentityFile identity(*files, directory, server.self);
  storage::LevelDbStore store(*files, directory, {});
  while (store.clean()) {
  }
  tree::TreeLoader loader;
  const BackupHeader header = read_backup(backup, [&](const std::vector<tree::Record>& records) {
    std::vector<tree::Record> kept;
    for (const tree::Record& record : records) {
      if (!outlives_its_session(record)) continue;
      if (!loader.add(record)) throw Bad(backup + " holds a record that does not fit to those before it.");
      kept.push_back(record);
    }
    if (!kept.empty() && !store.put(1, kept)) throw Bad(directory + " has no room for the backup's state.");
  });
  const node::Meta meta = meta_of(header, server, loader.take(header.zxid).digest());
  store.publish(1, node::encode(meta));
  storage::DurableOptions options;
  options.nonce = [] {
    static std::random_device random;
    return std::uint64_t{random()} << 32U | random();
  };
  storage::Durable durable(*files, directory, std::move(options));
  const auto from = durable.settle(broadcast::StateMark{meta.base.zxid, meta.base.epoch});
  CHECK(from == broadcast::StartFrom::new_state, "an empty log goes on where the state ends");
  broadcast::Persist persist;
  persist.hard_state = broadcast::HardState{meta.base.epoch, ServerId{}, true, Epoch{}};
  durable.perform(persist);
  identity.set_cluster(meta.base.founding.cluster_id);
}

}  // namespace

void check(const NewServer& server) {
  if (server.name.empty())
    throw Bad("the new ensemble needs a name: the same for all its servers, and no other's.");
  std::error_code error;
  if (fs::exists(server.directory, error) && !fs::is_empty(server.directory, error))
    throw Bad(server.directory + " is not empty: stop the server and move its data directory away first.");
  if (error) throw Bad(fmt::format("{} can't be looked at: {}.", server.directory, error.message()));
}

void restore(const std::string& backup, const NewServer& server) {
  check(server);
  (void)load_backup(backup);
  const std::string partial = server.directory + ".partial";
  try {
    fs::remove_all(partial);
    build(backup, server, partial);
    fs::remove(server.directory);
    fs::rename(partial, server.directory);
    storage::real_file_system()->sync_directory(fs::absolute(server.directory).parent_path().string(),
                                                storage::SyncSite::directory);
  } catch (const fs::filesystem_error& error) {
    throw Bad(std::string(error.what()) + ".");
  } catch (const storage::DiskError& error) {
    throw Bad(error.what());
  }
}

}  // namespace muster::data
