#include "server/storage/log_format.h"

#include "common/check.h"
#include "common/crc32c.h"
#include "common/little_endian.h"

namespace muster::storage {
namespace {

constexpr std::string_view kMagic = "musterlg";
constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kNamePrefix = "log-";
constexpr std::size_t kNameDigits = 16;

constexpr std::size_t kCrcAt = kSegmentHeaderBytes - 4;

void append_zxid(std::string& out, Zxid zxid) { append_le(out, static_cast<std::uint64_t>(zxid.value)); }
Zxid read_zxid(std::string_view bytes, std::size_t offset) {
  return Zxid{static_cast<std::int64_t>(read_le<std::uint64_t>(bytes, offset))};
}

std::uint32_t seed_of(std::uint64_t nonce) {
  std::string bytes;
  append_le(bytes, nonce);
  return crc32c(0, bytes);
}

std::uint32_t kind_and_tag(RecordKind kind, std::uint64_t nonce) {
  return static_cast<std::uint32_t>(kind) | static_cast<std::uint32_t>((nonce & 0xFFFFFFU) << 8U);
}

// The last four bytes are the checksum.
std::string encode_unsealed(const SegmentHeader& header) {
  std::string out(kMagic);
  append_le(out, kVersion);
  append_le(out, header.previous);
  append_le(out, header.nonce);
  append_zxid(out, header.first);
  append_zxid(out, header.synced);
  append_le(out, std::uint32_t{0});
  CHECK(out.size() == kCrcAt, "the header's size is part of the format");
  return out;
}

}  // namespace

std::uint32_t chain_start(const SegmentHeader& header) { return crc32c(0, encode_unsealed(header)); }

std::string encode(const SegmentHeader& header) {
  std::string out = encode_unsealed(header);
  append_le(out, crc32c(0, out));
  return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
  bytes = bytes.substr(0, kSegmentHeaderBytes);
  if (read_le<std::uint32_t>(bytes, kCrcAt) != crc32c(0, bytes.substr(0, kCrcAt))) return std::nullopt;
  SegmentHeader header;
  header.previous = read_le<std::uint32_t>(bytes, 12);
  header.nonce = read_le<std::uint64_t>(bytes, 16);
  header.first = read_zxid(bytes, 24);
  header.synced = read_zxid(bytes, 32);
  if (header.first < Zxid{1} || encode(header) != bytes) return std::nullopt;
  return header;
}

std::uint32_t append_record(std::string& out, std::uint64_t nonce, const Record& record) {
  CHECK(record.payload.size() <= kMaxPayloadBytes, "a record's length is bounded");
  const std::size_t start = out.size();
  const std::size_t bytes = record_bytes(record.payload.size());
  append_le(out, std::uint32_t{0});  // the crc, below
  append_le(out, static_cast<std::uint32_t>(record.payload.size()));
  append_le(out, record.previous);
  append_le(out, kind_and_tag(record.kind, nonce));
  append_zxid(out, record.zxid);
  append_zxid(out, record.stamp.synced);
  append_zxid(out, record.stamp.committed);
  out.append(record.payload);
  out.resize(start + bytes, '\0');
  const std::uint32_t crc = crc32c(seed_of(nonce), std::string_view(out).substr(start + 4));
  for (std::size_t i = 0; i < 4; ++i) out[start + i] = static_cast<char>((crc >> (8 * i)) & 0xFFU);
  return crc;
}

bool begins_record(std::string_view bytes, std::uint64_t nonce) {
  if (bytes.size() < kRecordHeaderBytes) return false;
  const auto kind = static_cast<RecordKind>(bytes[12]);
  if (kind != RecordKind::entry && kind != RecordKind::mark) return false;
  return read_le<std::uint32_t>(bytes, 12) == kind_and_tag(kind, nonce);
}

std::optional<DecodedRecord> decode_record(std::string_view bytes, std::uint64_t nonce) {
  if (!begins_record(bytes, nonce)) return std::nullopt;
  const auto kind = static_cast<RecordKind>(bytes[12]);
  const std::size_t length = read_le<std::uint32_t>(bytes, 4);
  if (length > kMaxPayloadBytes || record_bytes(length) > bytes.size()) return std::nullopt;
  if (kind == RecordKind::mark && length != 0) return std::nullopt;

  DecodedRecord decoded;
  decoded.bytes = record_bytes(length);
  decoded.crc = read_le<std::uint32_t>(bytes, 0);
  if (decoded.crc != crc32c(seed_of(nonce), bytes.substr(4, decoded.bytes - 4))) return std::nullopt;
  decoded.record.kind = kind;
  decoded.record.previous = read_le<std::uint32_t>(bytes, 8);
  decoded.record.zxid = read_zxid(bytes, 16);
  decoded.record.stamp.synced = read_zxid(bytes, 24);
  decoded.record.stamp.committed = read_zxid(bytes, 32);
  decoded.record.payload = bytes.substr(kRecordHeaderBytes, length);
  return decoded;
}

std::string segment_name(Zxid first) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name(kNamePrefix);
  const auto number = static_cast<std::uint64_t>(first.value);
  for (std::size_t i = kNameDigits; i-- > 0;) name.push_back(digits[(number >> (4 * i)) & 0xFU]);
  return name;
}

std::optional<Zxid> parse_segment_name(std::string_view name) {
  if (name.size() != kNamePrefix.size() + kNameDigits || !name.starts_with(kNamePrefix)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : name.substr(kNamePrefix.size())) {
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && !(c >= 'a' && c <= 'f')) return std::nullopt;
    number = number << 4U | static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10);
  }
  return Zxid{static_cast<std::int64_t>(number)};
}

}  // namespace muster::storage
