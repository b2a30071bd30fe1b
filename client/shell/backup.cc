#include "client/shell/backup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "client/shell/commands.h"
#include "client/shell/super_session.h"
#include "server/config/config.h"
#include "server/data/restore.h"

namespace muster::shell {
namespace {

constexpr std::int32_t kPartBytes = 256 * 1024;

// The first that answers and serves.
std::unique_ptr<SuperSession> session_on(const std::string& servers, const std::string& login) {
  const auto parsed = client::parse_connect_string(servers);
  if (!parsed) throw Complaint(parsed.error().message);
  if (!parsed->chroot.empty())
    throw Complaint("a backup is of the whole tree: name the servers without a path");
  std::string why;
  for (const client::Host& host : parsed->hosts) {
    try {
      return std::make_unique<SuperSession>(host, login);
    } catch (const Complaint& complaint) {
      why += (why.empty() ? "" : "; ") + std::string(complaint.what());
    }
  }
  throw Complaint(why);
}

std::string random_seed() {
  std::random_device random;
  std::string seed;
  for (int i = 0; i < 32; ++i) seed += static_cast<char>(random());
  return seed;
}

// On a terminal one line that changes; elsewhere a line for each tenth.
class Progress {
 public:
  explicit Progress(std::int64_t all) : all_(all) {}
  void tell(std::uint64_t records, std::uint64_t bytes) {
    const auto now = std::chrono::steady_clock::now();
    const std::int64_t tenth = all_ > 0 ? static_cast<std::int64_t>(records) * 10 / all_ : 0;
    if (terminal_ ? now - told_ < std::chrono::milliseconds(200) : tenth <= tenth_) return;
    told_ = now;
    tenth_ = tenth;
    const double seconds = std::chrono::duration<double>(now - begun_).count();
    const double megabytes = static_cast<double>(bytes) / 1e6;
    fmt::print(stderr, "{}{} of about {} records, {:.1f} MB, {:.1f} MB/s{}", terminal_ ? "\r" : "", records,
               all_, megabytes, seconds > 0 ? megabytes / seconds : 0, terminal_ ? "   " : "\n");
    std::fflush(stderr);
  }
  ~Progress() {
    if (terminal_ && told_ != begun_) fmt::print(stderr, "\n");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  std::int64_t all_, tenth_ = 0;
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now(), told_ = begun_;
};

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
    const auto view = std::get<wire::BackupBegunReply>(session->call(wire::BackupBeginRequest{}));
    data::BackupWriter writer(what.file, header_of(view));
    Progress progress(view.znodes);
    for (;;) {
      auto part = std::get<wire::BackupRecordsReply>(session->call(wire::BackupNextRequest{kPartBytes}));
      if (part.records.empty()) break;
      std::vector<tree::Record> records;
      for (std::size_t i = 0; i + 1 < part.records.size(); i += 2)
        records.push_back({std::move(part.records[i]), std::move(part.records[i + 1])});
      writer.add(records);
      progress.tell(writer.records(), writer.bytes());
    }
    writer.finish();
  }
  fmt::print("{}", data::describe(data::load_backup(what.file)));
}

void restore(const Restore& what) {
  const config::Loaded loaded = config::load(what.config);
  if (!loaded.problems.empty()) throw Complaint(loaded.problems.front());
  const data::NewServer server{loaded.config.server_id, loaded.config.membership(), loaded.config.data_dir,
                               what.name};
  data::check(server);
  fmt::print("{}", data::describe(data::load_backup(what.file)));
  fmt::print("goes into {} as server {} of {}, ensemble \"{}\"\n", server.directory, server.self.value,
             server.membership.members.size(), server.name);
  if (what.dry_run) return;
  data::restore(what.file, server);
  fmt::print(
      "done. Do the same on every server, with the same backup and name, before the first of them starts\n");
}

}  // namespace muster::shell
