// The log: segments in order, of which only the last is written. Decides when a segment ends, what a recovery
// keeps, and in which order a truncation makes things durable. log_format.h has the grammar and what can be
// concluded from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/broadcast/entry.h"
#include "server/storage/durable.h"
#include "server/storage/file_system.h"
#include "server/storage/segment.h"
#include "server/storage/spare_segment.h"

namespace muster::storage {

class FileLog {
 public:
  // Recovers what `directory` holds: the torn end of the last segment is cut, and the segment is rewritten
  // and synced before it counts. Throws Damaged; then nothing was changed.
  FileLog(FileSystem& files, std::string directory, DurableOptions options);

  // Renames a damaged log's files in `directory` to damaged-…, so that it is empty. Durable when it returns. A crash within leaves
  // a front of it.
  static void set_aside(FileSystem& files, const std::string& directory);

  [[nodiscard]] Zxid first() const;        // of the next entry, if there is none
  [[nodiscard]] Zxid last() const;         // first() - 1 if there is no entry
  [[nodiscard]] Zxid commit_mark() const;  // greatest zxid noted as committed, first() - 1 ≤ it ≤ last()

  // Durable when it returns. A crash within leaves the log with any end between `keep` and last(). Requires
  // keep >= commit_mark().
  void truncate_after(Zxid keep);
  // Removes whole segments from the front, none that holds an entry above `zxid` and never the last. Durable when it returns; a
  // crash within leaves some of them. Requires that all up to `zxid` is committed.
  void purge_through(Zxid zxid);
  // Removes everything: the log goes on after `base`, for which a state stands. Durable when it returns. A crash within leaves a
  // front of what there was, perhaps nothing.
  void reset(Zxid base);
  // Durable after the next sync(). Requires entry.zxid == last() + 1.
  void append(const broadcast::Entry& entry, Zxid committed);
  void sync() { sync(SyncSite::log_batch); }
  // Notes in the file, without a sync, what is synced and committed by now, so that it outlives the loss of any one sector; nothing if
  // it says so already. Begins the next segment if this one has no room, and the disk has.
  void mark(Zxid committed);
  // Everything that an append of these entries after that truncation will write gets its room, or nothing does and it is
  // false: then neither is begun. What append() and truncate_after() are called for without it may throw NoSpace.
  [[nodiscard]] bool make_room(std::optional<Zxid> truncate_after,
                               const std::vector<broadcast::Entry>& entries);
  // A slice of work on the next segment, if it will be needed soon. False: there is no room for the next segment, and for another
  // one besides, which a start needs to rewrite the last. What is left of the last one can still be filled.
  [[nodiscard]] bool prepare();

  // Entries [from, to], at least one, at most about max_bytes. Requires first() <= from <= to <= last().
  [[nodiscard]] std::vector<broadcast::Entry> read(Zxid from, Zxid to, std::size_t max_bytes) const;

 private:
  void sync(SyncSite site);
  void load_segments();
  void judge_end(const Segment::Findings& findings);
  void settle_end();
  void rewrite_last_segment(Zxid keep);
  [[nodiscard]] bool fits_surely(const std::vector<broadcast::Entry>& entries) const;
  [[nodiscard]] std::vector<std::uint64_t> blanks_for(std::optional<Zxid> truncate_after,
                                                      const std::vector<broadcast::Entry>& entries);
  void begin_next_segment(Zxid first, std::size_t record);
  [[nodiscard]] Segment blank_segment(SegmentHeader header, std::uint64_t bytes);
  void publish(Segment& segment);
  void remove_last_segment();
  [[nodiscard]] const Segment& segment_of(Zxid zxid) const;
  [[nodiscard]] Damaged damaged(Zxid zxid, const std::string& why) const;
  void report(const std::string& sentence) const;

  FileSystem& files_;
  std::string directory_;
  DurableOptions options_;
  SpareSegment spare_;
  std::vector<Segment> segments_;  // contiguous; only the last may be without entries
  Zxid synced_;
  Zxid committed_;  // as noted, may be above last()
  Stamp said_;      // by the newest record
  std::string scratch_;
};

}  // namespace muster::storage
