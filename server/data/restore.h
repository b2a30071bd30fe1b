// From a backup to the data directory of one server of a new ensemble. Every server of it is given the same backup, name and
// membership; then they start as if they had been stopped together with that state.
#pragma once

#include <string>

#include "server/broadcast/entry.h"
#include "server/data/backup_file.h"

namespace muster::data {

struct NewServer {
  ServerId self;
  broadcast::Membership membership;
  std::string directory;  // it must not be there yet, or be empty
  std::string name;       // of the ensemble: another one for each that is made of the same backup
};

// Zxids go on this far above the backup's, so that none is given out twice, whatever the old ensemble did after the backup.
inline constexpr std::int64_t kZxidGap = std::int64_t{1} << 32U;

// What would be done is possible. Throws Bad.
void check(const NewServer& server);
// Sessions and their ephemerals are left out. All of it is there, durable, when it returns; after a crash within nothing is, but what
// is left in DIRECTORY.partial. Throws Bad.
void restore(const std::string& backup, const NewServer& server);

}  // namespace muster::data
