#include "client/shell/state_view.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "client/shell/commands.h"

namespace muster::shell {
namespace {

constexpr std::int32_t kPartBytes = 256 * 1024;

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

}  // namespace

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

void read_state(SuperSession& session, const std::function<void(const wire::BackupBegunReply&)>& begin,
                const std::function<void(const std::vector<tree::Record>&)>& take) {
  const auto view = std::get<wire::BackupBegunReply>(session.call(wire::BackupBeginRequest{}));
  begin(view);
  Progress progress(view.znodes);
  std::uint64_t count = 0, bytes = 0;
  for (;;) {
    auto part = std::get<wire::BackupRecordsReply>(session.call(wire::BackupNextRequest{kPartBytes}));
    if (part.records.empty()) return;
    std::vector<tree::Record> records;
    for (std::size_t i = 0; i + 1 < part.records.size(); i += 2)
      records.push_back({std::move(part.records[i]), std::move(part.records[i + 1])});
    for (const tree::Record& record : records) bytes += size_of(record);
    take(records);
    progress.tell(count += records.size(), bytes);
  }
}

}  // namespace muster::shell
