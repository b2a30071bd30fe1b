// A backup's file (proto/backup.proto). Written beside its place and put there when it is whole and on the disk; read to its end before
// anything in it is believed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/data/data.h"
#include "server/tree/record.h"
#include "server/tree/tree.h"

namespace muster::data {

struct BackupHeader {
  std::string cluster_id;
  Zxid zxid;
  Epoch epoch;
  std::uint64_t digest = 0;
  std::int64_t time_ms = 0;
  std::string version;
  std::string seed;  // 32 random bytes
  friend bool operator==(const BackupHeader&, const BackupHeader&) = default;
};

// Throws Bad: the disk fails or is full; then, and when it is destroyed before finish(), nothing is left.
class BackupWriter {
 public:
  BackupWriter(const std::string& path, const BackupHeader& header);
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  // In the order of their keys.
  void add(const std::vector<tree::Record>& records);
  // Durable and at its path when it returns, in the place of what was there. What it holds was read back before that.
  void finish();
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  void write(const std::string& payload);
  void must(bool done, const char* what) const;

  std::string path_, partial_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint32_t crc_ = 0;
  std::uint64_t records_ = 0, bytes_ = 0;
};

// Reads it to its end. Throws Bad, one sentence: it can't be read, is none, is cut off, is damaged, or is of a later release.
// `records` gets parts in the order of their keys.
BackupHeader read_backup(const std::string& path,
                         const std::function<void(const std::vector<tree::Record>&)>& records);

struct LoadedBackup {
  BackupHeader header;
  tree::Tree tree;  // at header.zxid
  std::uint64_t file_bytes = 0;
};
// The same, and makes sure that it holds the state that it says.
[[nodiscard]] LoadedBackup load_backup(const std::string& path);

// What is in it, in lines for people.
[[nodiscard]] std::string describe(const LoadedBackup& backup);

}  // namespace muster::data
