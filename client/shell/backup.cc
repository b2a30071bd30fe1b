#include "client/shell/backup.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <random>
#include <vector>

#include "client/shell/state_view.h"
#include "server/data/backup_file.h"

namespace muster::shell {
namespace {

std::string random_seed() {
  std::random_device random;
  std::string seed;
  for (int i = 0; i < 32; ++i) seed += static_cast<char>(random());
  return seed;
}

data::BackupHeader header_of(const wire::BackupBegunReply& view) {
  data::BackupHeader header;
  header.cluster_id = view.cluster_id;
  header.zxid = view.zxid;
  header.epoch = view.epoch;
  header.digest = view.digest;
  header.time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  header.version = MUSTER_VERSION;
  header.seed = random_seed();
  return header;
}

}  // namespace

void backup(const std::string& servers, const Backup& what) {
  if (!what.verify) {
    const auto session = session_on(servers, what.login);
    std::optional<data::BackupWriter> writer;
    read_state(
        *session, [&](const wire::BackupBegunReply& view) { writer.emplace(what.file, header_of(view)); },
        [&](const std::vector<tree::Record>& records) { writer->add(records); });
    writer->finish();
  }
  fmt::print("{}", data::describe(data::load_backup(what.file)));
}

}  // namespace muster::shell
