// Whose data directory this is. A directory of another server or cluster, mounted by mistake, must not be
// used: its votes and acknowledgements would be counted as this server's.
#pragma once

#include <string>

#include "server/storage/file_system.h"
#include "server/storage/state_codec.h"

namespace muster::storage {

class IdentityFile {
 public:
  // Claims an unused directory for `self`; durable when it returns. To be done before anything else is
  // written there. Throws DiskError: the directory is another server's, the file is damaged, or it is missing
  // where a log or votes are.
  IdentityFile(FileSystem& files, std::string directory, ServerId self);

  // Empty until set_cluster().
  [[nodiscard]] const std::string& cluster_id() const { return identity_.cluster_id; }
  // The cluster that the founding entry names. Durable when it returns; nothing to do if it is known.
  // Throws DiskError if the directory is another cluster's. Requires a cluster id that is not empty.
  void set_cluster(const std::string& cluster_id);
  // 0: any state may be used. Durable when it returns; never less than before.
  [[nodiscard]] Zxid state_at_least() const { return identity_.state_at_least; }
  void set_state_at_least(Zxid zxid);

 private:
  void load();
  void store();

  FileSystem& files_;
  std::string directory_;
  Identity identity_;
};

}  // namespace muster::storage
