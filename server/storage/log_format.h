// The log's files. All numbers are little endian.
//
//   log      := segment*                    files log-<first zxid, 16 hex digits>, in order, without a gap
//   segment  := header record* rest         the rest: zeros, or what a recycled file held before
//   header   := magic:8 version:4 previous:4 nonce:8 first:8 synced:8 reserved:4 (0) crc:4
//   record   := crc:4 length:4 previous:4 kind:1 tag:3 zxid:8 synced:8 committed:8 payload:length padding
//   padding  := zeros up to a multiple of 8
//   kind     := 1 entry (payload: the entry's bytes; zxid: its own) | 2 mark (no payload; zxid: of the entry before it)
//
//   header.crc       CRC-32C of the header's bytes before it
//   header.previous  crc of the last record (if none: of the header) of the segment before; any number in the first one
//   record.crc       CRC-32C, seeded with the CRC-32C of the nonce, of all of the record's bytes after it, padding included
//   record.previous  crc of the record before in this segment; of the header for the first
//   tag              low 24 bits of the nonce: lets a search for records behind a hole skip nearly all places without a CRC
//   synced           last zxid that was known to be durable when the record was written
//   committed        last zxid that was known to be committed then
//
// What follows from it
//   - The nonce is random and never used twice, so neither a stale record of an earlier life of the file nor bytes that a client
//     sent can pass for a record.
//   - Zeros are never a record: kind is not 0.
//   - A segment appears under its name only when its header, and whatever it was begun with, is durable. Its successor is begun
//     only when it is durable as a whole; so only the last segment can be torn.
//   - Behind the last record that passes, something is damaged, not torn, exactly if the header or some record says `synced` of a
//     zxid that is missing.
//   - Marks are repeated until one lies in another sector than the last entry, so that of a log that was idle no lost sector takes
//     both an entry and the only word that it had been synced.
//   - A segment that is rewritten (at start, or cut by a truncation) gets a fresh nonce, and its header says that all of it is
//     synced: it replaces the old one by a rename only when that is true.
//   - A log whose first segment begins above 1 was purged or reset: what lies below was committed, and a state stands for it.
#pragma once

#include <muster/ids.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::storage {

inline constexpr std::size_t kSegmentHeaderBytes = 48;
inline constexpr std::size_t kRecordHeaderBytes = 40;
inline constexpr std::size_t kRecordAlignment = 8;
inline constexpr std::size_t kMaxPayloadBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kSectorBytes = 512;  // what a disk loses at once
inline constexpr std::uint64_t kMaxSegmentBytes = 1024 * 1024 * 1024;

struct SegmentHeader {
  std::uint64_t nonce = 0;
  Zxid first;
  Zxid synced;
  std::uint32_t previous = 0;
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

[[nodiscard]] std::string encode(const SegmentHeader& header);
// Nothing: too short, not ours, of another version, or damaged.
[[nodiscard]] std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);
// The number that the segment's first record names as its predecessor.
[[nodiscard]] std::uint32_t chain_start(const SegmentHeader& header);

enum class RecordKind : std::uint8_t { entry = 1, mark = 2 };

// What a record says of the log at the time of its writing.
struct Stamp {
  Zxid synced;
  Zxid committed;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

struct Record {
  RecordKind kind = RecordKind::mark;
  std::uint32_t previous = 0;
  Zxid zxid;
  Stamp stamp;
  std::string_view payload;
};

// A record with its place in the chain; `record.payload` points into the bytes that it was decoded from.
struct DecodedRecord {
  Record record;
  std::uint32_t crc = 0;
  std::size_t bytes = 0;  // with header and padding
};

[[nodiscard]] constexpr std::size_t record_bytes(std::size_t payload_bytes) {
  return (kRecordHeaderBytes + payload_bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}
// Returns the record's crc. Requires payload of at most kMaxPayloadBytes.
std::uint32_t append_record(std::string& out, std::uint64_t nonce, const Record& record);
// The record at the front of `bytes`; nothing if there is no valid one of this nonce. Allocates nothing.
[[nodiscard]] std::optional<DecodedRecord> decode_record(std::string_view bytes, std::uint64_t nonce);

// These bytes were to be a record of this nonce, whole or not.
[[nodiscard]] bool begins_record(std::string_view bytes, std::uint64_t nonce);

[[nodiscard]] std::string segment_name(Zxid first);
[[nodiscard]] std::optional<Zxid> parse_segment_name(std::string_view name);

}  // namespace muster::storage
