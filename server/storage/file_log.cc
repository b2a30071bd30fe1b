#include "server/storage/file_log.h"

#include <algorithm>

#include "common/check.h"
#include "server/broadcast/entry_codec.h"

namespace muster::storage {

using broadcast::Entry;

namespace {

constexpr std::size_t kMostEntryFields = 128;  // an encoded entry without its payload is shorter

}  // namespace

FileLog::FileLog(FileSystem& files, std::string directory, DurableOptions options)
    : files_(files),
      directory_(std::move(directory)),
      options_(std::move(options)),
      spare_(files, directory_, options_.segment_bytes) {
  CHECK(options_.nonce != nullptr, "segments need random numbers");
  load_segments();
  spare_.remove_leftovers();
  settle_end();
  synced_ = last();
  said_ = {synced_, commit_mark()};
}

Zxid FileLog::first() const { return segments_.empty() ? Zxid{1} : segments_.front().first(); }
Zxid FileLog::last() const { return segments_.empty() ? Zxid{} : segments_.back().last(); }
Zxid FileLog::commit_mark() const { return std::min(committed_, last()); }

// --- recovery ---

void FileLog::load_segments() {
  Segment::Findings findings;
  for (const std::string& name : files_.list(directory_)) {
    const auto first = parse_segment_name(name);
    if (!first) continue;
    Segment segment = Segment::scan(files_, directory_ + "/" + name, findings);
    if (segment.first() != *first) throw damaged(*first, name + " holds another segment than its name says");
    if (!segments_.empty()) {
      const Segment& before = segments_.back();
      // The successor was begun only after all of `before` had been synced, its last mark included.
      if (segment.first() != before.last().next() || segment.header().previous != before.chain())
        throw damaged(before.last().next(), name + " does not continue " + before.path());
      segments_.back().close();
    }
    // What lies below the log's beginning had been committed.
    committed_ =
        std::max({committed_, findings.committed, segments_.empty() ? Zxid{first->value - 1} : Zxid{}});
    segments_.push_back(std::move(segment));
  }
  if (!segments_.empty()) judge_end(findings);
}

// Damaged or torn? What was synced once may have been acknowledged and is never cut.
void FileLog::judge_end(const Segment::Findings& findings) {
  if (findings.synced > last())
    throw damaged(last().next(), "entries up to " + to_string(findings.synced) + " had been written safely");
  if (findings.torn)
    report("the log's end after zxid " + to_string(last()) + " in " + segments_.back().path() +
           " was torn by a crash before it was written safely; it is cut off");
}

// The end of the log may be in the page cache only, or not even be on its way to the disk (after a failed
// sync the kernel calls lost pages clean). It counts when it has been written again.
// And a log that is not there may be gone in the page cache only.
void FileLog::settle_end() {
  if (segments_.empty()) return files_.sync_directory(directory_, SyncSite::log_absence);
  rewrite_last_segment(last());
}

// From the end: a log without its beginning would pass for one that was purged.
void FileLog::set_aside(FileSystem& files, const std::string& directory) {
  const std::vector<std::string> names = files.list(directory);
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!parse_segment_name(*name)) continue;
    files.rename(directory + "/" + *name, directory + "/damaged-" + *name);
    files.sync_directory(directory, SyncSite::log_set_aside);
  }
}

// --- writing ---

void FileLog::append(const Entry& entry, Zxid committed) {
  CHECK(entry.zxid == last().next(), "the log accepts only the next zxid");
  scratch_.clear();
  broadcast::append_encoded(scratch_, entry);
  const std::size_t record = record_bytes(scratch_.size());
  if (segments_.empty() || !segments_.back().fits(record)) begin_next_segment(entry.zxid, record);
  committed_ = std::max(committed_, committed);
  said_ = {synced_, committed_};
  segments_.back().append_entry(scratch_, said_);
}

void FileLog::sync(SyncSite site) {
  if (segments_.empty()) return;
  segments_.back().sync(site);
  synced_ = last();
}

void FileLog::mark(Zxid committed) {
  committed_ = std::max(committed_, committed);
  const Stamp stamp{synced_, committed_};
  if (segments_.empty() || stamp == said_) return;
  Segment& segment = segments_.back();
  // A sector that is lost takes the last entry with it: a mark in the next one tells that this entry had been synced.
  const std::uint64_t next_sector = (segment.used() + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  bool apart = false;
  while (!apart && segment.fits(record_bytes(0))) {
    apart = segment.used() >= next_sector;
    segment.append_mark(stamp);
  }
  segment.flush();
  said_ = stamp;
  if (apart || segment.empty()) return;
  // The next one's header tells the same.
  if (spare_.make({kSegmentHeaderBytes + record_bytes(0)}, options_.segment_bytes))
    begin_next_segment(last().next(), 0);
}

// While the third quarter of a segment fills, its successor is made ready four times as fast: not sooner, since the next entries
// wait for each slice. The last quarter is what is left when there is no room for a successor.
bool FileLog::prepare() {
  const std::uint64_t half = options_.segment_bytes / 2;
  if (segments_.empty() || segments_.back().used() <= half) return true;
  return spare_.prepare(4 * (segments_.back().used() - half), options_.segment_bytes);
}

// A truncation gives back as much as it takes.
bool FileLog::make_room(std::optional<Zxid> truncate_after, const std::vector<Entry>& entries) {
  if (!truncate_after && fits_surely(entries)) return true;
  return spare_.make(blanks_for(truncate_after, entries), truncate_after ? 0 : options_.segment_bytes);
}

// Without counting exactly, which would encode each entry once more.
bool FileLog::fits_surely(const std::vector<Entry>& entries) const {
  if (entries.empty()) return true;
  std::size_t most = 0;
  for (const Entry& entry : entries) most += record_bytes(entry.payload.size() + kMostEntryFields);
  return !segments_.empty() && segments_.back().fits(most);
}

// The segments that will be begun: their sizes, at least.
std::vector<std::uint64_t> FileLog::blanks_for(std::optional<Zxid> truncate_after,
                                               const std::vector<Entry>& entries) {
  std::vector<std::uint64_t> blanks;
  std::uint64_t used = 0, capacity = 0;
  const auto begin = [&](std::uint64_t bytes) {
    blanks.push_back(bytes);
    capacity = std::max(bytes, options_.segment_bytes);
  };
  if (!segments_.empty()) {
    used = segments_.back().used();
    capacity = segments_.back().capacity();
  }
  if (truncate_after && *truncate_after < last()) {
    const Segment& kept =
        *truncate_after < segments_.front().first() ? segments_.front() : segment_of(*truncate_after);
    used = kept.bytes_through(*truncate_after);
    begin(used);
  }
  for (const Entry& entry : entries) {
    scratch_.clear();
    broadcast::append_encoded(scratch_, entry);
    const std::size_t record = record_bytes(scratch_.size());
    if (used + record > capacity) {
      used = kSegmentHeaderBytes;
      begin(used + record + record_bytes(0));
    }
    used += record;
  }
  return blanks;
}

void FileLog::begin_next_segment(Zxid first, std::size_t record) {
  SegmentHeader header;
  header.first = first;
  header.synced = Zxid{first.value - 1};
  const bool replaces =
      !segments_.empty() && segments_.back().empty();  // no room in it even for its first record
  if (replaces) {
    header.previous = segments_.back().header().previous;
  } else if (!segments_.empty()) {
    sync(SyncSite::log_segment_end);  // a successor proves that all before it is durable
    segments_.back().close();
    header.previous = segments_.back().chain();
  }
  Segment next = blank_segment(header, kSegmentHeaderBytes + record + record_bytes(0));
  publish(next);
  if (replaces) segments_.pop_back();
  segments_.push_back(std::move(next));
}

// Under a temporary name, with a nonce of its own.
Segment FileLog::blank_segment(SegmentHeader header, std::uint64_t bytes) {
  header.nonce = options_.nonce();
  SpareSegment::Blank blank = spare_.take(bytes);
  return {files_, blank.path, std::move(blank.file), blank.capacity, header};
}

// Gives a segment its name, which another may have until then: at every moment there is one whole and durable
// segment of that name.
void FileLog::publish(Segment& segment) {
  const std::string path = directory_ + "/" + segment_name(segment.first());
  segment.sync(SyncSite::log_segment);
  files_.rename(segment.path(), path);
  files_.sync_directory(directory_, SyncSite::log_segment_name);
  segment.renamed(path);
}

// --- truncation, purge, reset ---

// Whole segments go from the end, each durably, so that there is never a gap; then the one that holds `keep`
// is replaced at once. The first stays, if need be without an entry: it says where the log begins.
void FileLog::truncate_after(Zxid keep) {
  if (keep >= last()) return;
  CHECK(keep >= commit_mark(), "what is committed is never truncated");
  while (segments_.size() > 1 && segments_.back().first() > keep) remove_last_segment();
  synced_ = last();
  if (keep < last()) rewrite_last_segment(keep);
  said_ = {};
}

// From the front, each durably, so that there is never a gap.
void FileLog::purge_through(Zxid zxid) {
  CHECK(zxid <= synced_, "only what is durable is purged");
  committed_ = std::max(committed_, zxid);
  while (segments_.size() > 1 && segments_.front().last() <= zxid) {
    segments_.front().close();
    spare_.recycle(segments_.front().path(), segments_.front().capacity());
    segments_.erase(segments_.begin());
  }
}

void FileLog::reset(Zxid base) {
  while (!segments_.empty()) remove_last_segment();
  SegmentHeader header;
  header.first = base.next();
  header.synced = base;
  Segment segment = blank_segment(header, kSegmentHeaderBytes);
  publish(segment);
  segments_.push_back(std::move(segment));
  synced_ = committed_ = base;
  said_ = {};
}

void FileLog::remove_last_segment() {
  files_.remove(segments_.back().path());
  files_.sync_directory(directory_, SyncSite::log_segment_removed);
  segments_.pop_back();
}

// A fresh nonce: records that were cut, or are still on their way to the old file, can't come back.
void FileLog::rewrite_last_segment(Zxid keep) {
  const Segment& old = segments_.back();
  SegmentHeader header = old.header();
  header.synced = keep;
  Segment fresh = blank_segment(header, old.bytes_through(keep));
  const Stamp stamp{keep, std::min(committed_, keep)};
  const auto copy = [&](Zxid, std::string_view payload) { fresh.append_entry(payload, stamp); };
  if (keep >= old.first()) old.visit(old.first(), keep, copy);
  publish(fresh);
  segments_.back() = std::move(fresh);
  synced_ = keep;
}

// --- reading ---

const Segment& FileLog::segment_of(Zxid zxid) const {
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), zxid,
                       [](Zxid wanted, const Segment& segment) { return wanted < segment.first(); });
  CHECK(after != segments_.begin(), "the log has that zxid");
  return *std::prev(after);
}

std::vector<Entry> FileLog::read(Zxid from, Zxid to, std::size_t max_bytes) const {
  CHECK(first() <= from && from <= to && to <= last() && from > Zxid{}, "only what is here can be read");
  std::vector<Entry> entries;
  std::size_t taken = 0;
  while (from <= to && (entries.empty() || taken < max_bytes)) {
    const Segment& segment = segment_of(from);
    const Zxid until = segment.reach(from, to, max_bytes - taken);
    segment.visit(from, until, [&](Zxid zxid, std::string_view payload) {
      auto entry = broadcast::decode_entry(payload);
      if (!entry || entry->zxid != zxid)
        throw damaged(zxid, entry ? "the entry has another zxid than its record" : entry.error().message);
      taken += record_bytes(payload.size());
      entries.push_back(*std::move(entry));
    });
    if (&segment != &segments_.back()) segment.close();
    from = until.next();
  }
  return entries;
}

Damaged FileLog::damaged(Zxid zxid, const std::string& why) const {
  return Damaged("the log in " + directory_ + " is damaged at zxid " + to_string(zxid) + ": " + why);
}

void FileLog::report(const std::string& sentence) const {
  if (options_.report) options_.report(sentence);
}

}  // namespace muster::storage
