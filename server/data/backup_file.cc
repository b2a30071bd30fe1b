#include "server/data/backup_file.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "proto/backup.pb.h"
#include "server/tree/checkpoint_source.h"

namespace muster::data {
namespace {

constexpr std::string_view kMagic = "MUSTERBK";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kFrontBytes = 8;                           // of a frame: length and CRC
constexpr std::uint32_t kMaxPayload = std::uint32_t{64} << 20U;  // far above any part that is written

std::string front_of(std::uint32_t length, std::uint32_t crc) {
  std::string front(kFrontBytes, '\0');
  for (unsigned i = 0; i < 4; ++i) {
    front[i] = static_cast<char>(length >> (8 * i));
    front[4 + i] = static_cast<char>(crc >> (8 * i));
  }
  return front;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 4; i-- > 0;) number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

// A file, frame by frame.
class Frames {
 public:
  explicit Frames(const std::string& path)
      : path_(path), file_(std::fopen(path.c_str(), "rbe"), std::fclose) {
    if (!file_) throw Bad(fmt::format("{} can't be read: {}.", path, std::strerror(errno)));
    if (read(kMagic.size()) != kMagic) throw Bad(path + " is no backup of Muster.");
  }
  proto::BackupFrame next() {
    const std::uint64_t start = at_;
    const std::string front = read(kFrontBytes);
    if (front.size() < kFrontBytes) throw cut_off();
    const std::uint32_t length = number_at(front, 0);
    if (length > kMaxPayload) throw damaged(start);
    const std::string payload = read(length);
    if (payload.size() < length) throw cut_off();
    crc_ = crc32c(crc_, payload);
    proto::BackupFrame frame;
    if (crc_ != number_at(front, 4) || !frame.ParseFromString(payload)) throw damaged(start);
    return frame;
  }
  [[nodiscard]] bool at_end() { return read(1).empty(); }
  [[nodiscard]] std::uint64_t bytes() const { return at_; }
  [[nodiscard]] Bad damaged(std::uint64_t at) const {
    return Bad(
        fmt::format("{} is damaged at byte {}: use another backup, or another copy of this one.", path_, at));
  }

 private:
  [[nodiscard]] Bad cut_off() const {
    return Bad(
        fmt::format("{} is cut off after {} bytes: it was not completely written or copied.", path_, at_));
  }
  std::string read(std::size_t size) {
    std::string bytes(size, '\0');
    bytes.resize(std::fread(bytes.data(), 1, size, file_.get()));
    if (std::ferror(file_.get()) != 0)
      throw Bad(fmt::format("{} can't be read: {}.", path_, std::strerror(errno)));
    at_ += bytes.size();
    return bytes;
  }

  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::uint32_t crc_ = 0;
  std::uint64_t at_ = 0;
};

}  // namespace

BackupWriter::BackupWriter(const std::string& path, const BackupHeader& header)
    : path_(path), partial_(path + ".partial"), file_(std::fopen(partial_.c_str(), "wbe")) {
  must(file_ != nullptr, "created");
  must(std::fwrite(kMagic.data(), 1, kMagic.size(), file_.get()) == kMagic.size(), "written");
  bytes_ = kMagic.size();
  proto::BackupFrame frame;
  proto::BackupHeader& out = *frame.mutable_header();
  out.set_format(kFormat);
  out.set_cluster_id(header.cluster_id);
  out.set_zxid(header.zxid.value);
  out.set_epoch(header.epoch.value);
  out.set_digest(header.digest);
  out.set_time_ms(header.time_ms);
  out.set_version(header.version);
  out.set_seed(header.seed);
  write(frame.SerializeAsString());
}

BackupWriter::~BackupWriter() {
  if (file_) (void)std::remove(partial_.c_str());
}

void BackupWriter::must(bool done, const char* what) const {
  if (!done) throw Bad(fmt::format("{} can't be {}: {}.", partial_, what, std::strerror(errno)));
}

void BackupWriter::write(const std::string& payload) {
  crc_ = crc32c(crc_, payload);
  const std::string frame = front_of(static_cast<std::uint32_t>(payload.size()), crc_) + payload;
  must(std::fwrite(frame.data(), 1, frame.size(), file_.get()) == frame.size(), "written");
  bytes_ += frame.size();
}

void BackupWriter::add(const std::vector<tree::Record>& records) {
  proto::BackupFrame frame;
  for (const tree::Record& record : records) {
    proto::StateRecord& out = *frame.mutable_records()->add_records();
    out.set_key(record.key);
    out.set_value(record.value);
  }
  records_ += records.size();
  write(frame.SerializeAsString());
}

void BackupWriter::finish() {
  proto::BackupFrame frame;
  frame.mutable_trailer()->set_records(records_);
  write(frame.SerializeAsString());
  must(std::fflush(file_.get()) == 0 && ::fsync(::fileno(file_.get())) == 0, "written");
  (void)load_backup(partial_);
  must(std::rename(partial_.c_str(), path_.c_str()) == 0, "renamed");
  file_.reset();
  const std::filesystem::path folder = std::filesystem::absolute(path_).parent_path();
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && ::fsync(directory) == 0;
  if (directory >= 0) (void)::close(directory);
  must(synced, "synced");
}

namespace {

BackupHeader header_of(const std::string& path, const proto::BackupHeader& from) {
  if (from.format() != kFormat)
    throw Bad(fmt::format("{} is of format {}, which this release does not know: use a later one.", path,
                          from.format()));
  BackupHeader header;
  header.cluster_id = from.cluster_id();
  header.zxid = Zxid{from.zxid()};
  header.epoch = Epoch{from.epoch()};
  header.digest = from.digest();
  header.time_ms = from.time_ms();
  header.version = from.version();
  header.seed = from.seed();
  return header;
}

BackupHeader read_frames(Frames& frames, const std::string& path,
                         const std::function<void(const std::vector<tree::Record>&)>& take) {
  const std::uint64_t start = frames.bytes();
  const proto::BackupFrame first = frames.next();
  if (!first.has_header()) throw frames.damaged(start);
  const BackupHeader header = header_of(path, first.header());
  if (header.zxid < Zxid{1} || header.epoch < Epoch{1} || header.seed.size() != 32)
    throw frames.damaged(start);
  std::uint64_t count = 0;
  for (;;) {
    const std::uint64_t at = frames.bytes();
    proto::BackupFrame frame = frames.next();
    if (frame.has_trailer()) {
      if (frame.trailer().records() != count || !frames.at_end()) throw frames.damaged(at);
      return header;
    }
    if (!frame.has_records()) throw frames.damaged(at);
    std::vector<tree::Record> records;
    for (proto::StateRecord& record : *frame.mutable_records()->mutable_records())
      records.push_back({std::move(*record.mutable_key()), std::move(*record.mutable_value())});
    count += records.size();
    take(records);
  }
}

}  // namespace

BackupHeader read_backup(const std::string& path,
                         const std::function<void(const std::vector<tree::Record>&)>& records) {
  Frames frames(path);
  return read_frames(frames, path, records);
}

LoadedBackup load_backup(const std::string& path) {
  LoadedBackup backup;
  tree::TreeLoader loader;
  bool fits = true;
  Frames frames(path);
  backup.header = read_frames(frames, path, [&](const std::vector<tree::Record>& records) {
    for (const tree::Record& record : records) fits = fits && loader.add(record);
  });
  if (fits) backup.tree = loader.take(backup.header.zxid);
  if (!fits || backup.tree.digest() != backup.header.digest)
    throw Bad(path + " holds another state than it says: use another backup.");
  backup.file_bytes = frames.bytes();
  return backup;
}

std::string describe(const LoadedBackup& backup) {
  const BackupHeader& header = backup.header;
  const tree::Tree& tree = backup.tree;
  std::string cluster;
  for (const char byte : header.cluster_id)
    cluster += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return fmt::format(
      "taken {:%Y-%m-%d %H:%M:%S} UTC by muster {} from ensemble {}\n"
      "state at zxid {} of epoch {}, digest {:016x}\n"
      "{} znodes, {} bytes of paths and data, {} bytes in the file\n"
      "{} sessions and their {} ephemeral znodes, which a restore leaves out\n",
      fmt::gmtime(static_cast<std::time_t>(header.time_ms / 1000)), header.version, cluster,
      header.zxid.value, header.epoch.value, header.digest, tree.node_count(), tree.bytes(),
      backup.file_bytes, tree.sessions().size(), tree.ephemeral_count());
}

}  // namespace muster::data
