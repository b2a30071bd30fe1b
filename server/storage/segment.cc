#include "server/storage/segment.h"

#include <algorithm>

#include "common/check.h"

namespace muster::storage {
namespace {

constexpr std::size_t kFlushBytes = 1024 * 1024;  // bounds what waits in memory
constexpr std::size_t kChunkBytes = 1024 * 1024;  // and what a read takes at once

// Records behind a hole: they tell a damaged log from a torn one. A valid record may start at any multiple of
// the alignment.
void search_behind_hole(std::string_view bytes, std::size_t hole, std::uint64_t nonce,
                        Segment::Findings& findings) {
  for (std::size_t at = hole; at + kRecordHeaderBytes <= bytes.size();) {
    const auto found = decode_record(bytes.substr(at), nonce);
    if (found) {
      findings.synced = std::max(findings.synced, found->record.stamp.synced);
      findings.torn = true;
    }
    at += found ? found->bytes : kRecordAlignment;
  }
}

}  // namespace

Segment::Segment(FileSystem& files, std::string path) : files_(&files), path_(std::move(path)) {}

Segment::Segment(FileSystem& files, std::string path, std::unique_ptr<File> file, std::uint64_t capacity,
                 const SegmentHeader& header)
    : files_(&files),
      path_(std::move(path)),
      file_(std::move(file)),
      capacity_(capacity),
      header_(header),
      chain_(chain_start(header)),
      pending_(encode(header)) {
  CHECK(capacity <= kMaxSegmentBytes && capacity >= kSegmentHeaderBytes, "a segment's size is bounded");
}

Segment Segment::scan(FileSystem& files, std::string path, Findings& findings) {
  Segment segment(files, std::move(path));
  File& file = segment.file();
  const std::uint64_t size = file.size();
  const std::string bytes = file.read(0, std::min(size, kMaxSegmentBytes));
  const auto header = decode_segment_header(bytes);
  if (!header || size > kMaxSegmentBytes)
    throw Damaged("the header of " + segment.path_ + " is damaged, or of another version of musterd");
  segment.header_ = *header;
  segment.capacity_ = size;
  segment.scan_records(bytes, findings);
  return segment;
}

void Segment::scan_records(std::string_view bytes, Findings& findings) {
  findings = Findings{};
  findings.synced = header_.synced;
  chain_ = chain_start(header_);
  std::size_t at = kSegmentHeaderBytes;
  while (const auto decoded = decode_record(bytes.substr(at), header_.nonce)) {
    const bool is_entry = decoded->record.kind == RecordKind::entry;
    if (decoded->record.previous != chain_ || decoded->record.zxid != (is_entry ? last().next() : last()))
      break;
    if (is_entry) offsets_.push_back(static_cast<std::uint32_t>(at));
    chain_ = decoded->crc;
    at += decoded->bytes;
    findings.synced = std::max(findings.synced, decoded->record.stamp.synced);
    findings.committed = std::max(findings.committed, decoded->record.stamp.committed);
  }
  written_ = at;
  findings.torn = begins_record(bytes.substr(at), header_.nonce);
  search_behind_hole(bytes, at, header_.nonce, findings);
}

Zxid Segment::last() const {
  return Zxid{header_.first.value + static_cast<std::int64_t>(offsets_.size()) - 1};
}

std::uint64_t Segment::begin_of(Zxid zxid) const {
  return offsets_[static_cast<std::size_t>(zxid.value - header_.first.value)];
}

std::uint64_t Segment::end_of(Zxid zxid) const { return zxid == last() ? used() : begin_of(zxid.next()); }

std::uint64_t Segment::bytes_through(Zxid last_wanted) const {
  return last_wanted < first() ? kSegmentHeaderBytes : end_of(last_wanted);
}

void Segment::append(const Record& record) {
  CHECK(fits(record_bytes(record.payload.size())), "the segment has room for the record");
  chain_ = append_record(pending_, header_.nonce, record);
  if (pending_.size() >= kFlushBytes) flush();
}

void Segment::append_entry(std::string_view payload, Stamp stamp) {
  const auto offset = static_cast<std::uint32_t>(used());
  append({RecordKind::entry, chain_, last().next(), stamp, payload});
  offsets_.push_back(offset);
}

void Segment::append_mark(Stamp stamp) { append({RecordKind::mark, chain_, last(), stamp, {}}); }

void Segment::flush() {
  if (pending_.empty()) return;
  dirty_ = true;
  file().write(written_, pending_);
  written_ += pending_.size();
  pending_.clear();
}

void Segment::sync(SyncSite site) {
  flush();
  if (!dirty_) return;
  file().sync(site);
  dirty_ = false;
}

void Segment::close() const {
  CHECK(pending_.empty(), "nothing is left behind in memory");
  file_.reset();
}

File& Segment::file() const {
  if (!file_) file_ = files_->open(path_);
  if (!file_) throw Damaged(path_ + " has disappeared");
  return *file_;
}

Zxid Segment::reach(Zxid from, Zxid to, std::size_t max_bytes) const {
  Zxid until = from;
  while (until < std::min(to, last()) && end_of(until.next()) - begin_of(from) <= max_bytes)
    until = until.next();
  return until;
}

void Segment::visit(Zxid from, Zxid to, const std::function<void(Zxid, std::string_view)>& take) const {
  CHECK(first() <= from && from <= to && to <= last(), "only what is here can be visited");
  while (from <= to) {
    const Zxid until = reach(from, to, kChunkBytes);
    visit_chunk(from, until, take);
    from = until.next();
  }
}

void Segment::visit_chunk(Zxid from, Zxid to, const std::function<void(Zxid, std::string_view)>& take) const {
  const std::uint64_t begin = begin_of(from);
  const std::string bytes = file().read(begin, end_of(to) - begin);
  for (Zxid zxid = from; zxid <= to; zxid = zxid.next()) {
    const std::string_view rest =
        std::string_view(bytes).substr(std::min<std::size_t>(begin_of(zxid) - begin, bytes.size()));
    const auto decoded = decode_record(rest, header_.nonce);
    if (!decoded || decoded->record.kind != RecordKind::entry || decoded->record.zxid != zxid)
      throw Damaged("the log is damaged at zxid " + to_string(zxid) + " in " + path_);
    take(zxid, decoded->record.payload);
  }
}

}  // namespace muster::storage
