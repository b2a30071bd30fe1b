// One file of the log: its header, its records and where each entry is. Knows nothing of the other segments,
// nor when to sync.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/storage/file_system.h"
#include "server/storage/log_format.h"

namespace muster::storage {

class Segment {
 public:
  // What a scan learned besides the entries.
  struct Findings {
    Zxid synced;        // greatest that the header or any valid record claims, in front of or behind a hole
    Zxid committed;     // greatest that a record in front of the first hole claims
    bool torn = false;  // what follows the last record is the rest of another one of this segment
  };

  // A new segment in a file of `capacity` written bytes, whatever they are. Nothing is written before flush().
  Segment(FileSystem& files, std::string path, std::unique_ptr<File> file, std::uint64_t capacity,
          const SegmentHeader& header);

  // Reads a segment from `path`: all records up to the end or the first that does not fit (checksum, chain or
  // zxid). Throws DiskError if the file can't be read or its header is damaged.
  [[nodiscard]] static Segment scan(FileSystem& files, std::string path, Findings& findings);

  [[nodiscard]] const SegmentHeader& header() const { return header_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Zxid first() const { return header_.first; }
  [[nodiscard]] Zxid last() const;  // first() - 1 without entries
  [[nodiscard]] bool empty() const { return offsets_.empty(); }
  [[nodiscard]] std::uint32_t chain() const { return chain_; }  // crc of the last record, or of the header
  [[nodiscard]] std::uint64_t used() const { return written_ + pending_.size(); }
  [[nodiscard]] std::uint64_t capacity() const { return capacity_; }
  [[nodiscard]] bool fits(std::size_t bytes) const { return used() + bytes <= capacity_; }
  // Bytes that the entries from the first to `last` take, header and marks between included.
  [[nodiscard]] std::uint64_t bytes_through(Zxid last) const;

  // Requires fits(record_bytes(payload.size())). The entry's zxid is last() + 1.
  void append_entry(std::string_view payload, Stamp stamp);
  void append_mark(Stamp stamp);
  void flush();              // hands what was appended to the file
  void sync(SyncSite site);  // flush, then durable; costs nothing if it is already
  void close()
      const;  // gives the descriptor back until the next use. Requires that nothing waits for a flush

  // Calls `take` with every entry of [from, to]. Throws DiskError at a record that is damaged. Requires
  // first() <= from <= to <= last() and that all is flushed.
  void visit(Zxid from, Zxid to, const std::function<void(Zxid, std::string_view payload)>& take) const;
  // The greatest zxid such that [from, it] takes at most max_bytes, but at least `from` and at most `to` and
  // last().
  [[nodiscard]] Zxid reach(Zxid from, Zxid to, std::size_t max_bytes) const;

  // The file has been renamed.
  void renamed(std::string path) { path_ = std::move(path); }

 private:
  Segment(FileSystem& files, std::string path);
  void scan_records(std::string_view bytes, Findings& findings);
  void append(const Record& record);
  [[nodiscard]] File& file() const;
  [[nodiscard]] std::uint64_t begin_of(Zxid zxid) const;
  [[nodiscard]] std::uint64_t end_of(Zxid zxid) const;
  void visit_chunk(Zxid from, Zxid to, const std::function<void(Zxid, std::string_view payload)>& take) const;

  FileSystem* files_;
  std::string path_;
  mutable std::unique_ptr<File> file_;  // opened when it is needed
  std::uint64_t capacity_ = 0;
  SegmentHeader header_;
  std::vector<std::uint32_t> offsets_;  // of each entry's record: zxid first() + i
  std::uint32_t chain_ = 0;
  std::uint64_t written_ = 0;  // end of what was handed to the file
  std::string pending_;        // not yet handed to it
  bool dirty_ = false;         // handed to it, not yet synced
};

}  // namespace muster::storage
