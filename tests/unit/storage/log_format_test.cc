#include "server/storage/log_format.h"

#include <catch2/catch.hpp>

namespace muster::storage {
namespace {

const std::uint64_t kNonce = 0x1122334455667788;

Record some_record(std::string_view payload) {
  return {RecordKind::entry, 99, Zxid{7}, {Zxid{6}, Zxid{5}}, payload};
}

}  // namespace

TEST_CASE("a segment's header round-trips, and no damaged bit of it passes") {
  const SegmentHeader header{kNonce, Zxid{42}, Zxid{41}, 0xDEADBEEF};
  const std::string bytes = encode(header);
  CHECK(bytes.size() == kSegmentHeaderBytes);
  CHECK(decode_segment_header(bytes + "more") == header);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(decode_segment_header(damaged));
  }
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(decode_segment_header(bytes.substr(0, n)));
  CHECK_FALSE(decode_segment_header(encode(SegmentHeader{kNonce, Zxid{0}, Zxid{0}, 0})));
}

TEST_CASE("a record round-trips, and no damaged bit of it passes") {
  for (const std::size_t length : {0U, 1U, 7U, 8U, 9U, 100U}) {
    const std::string payload(length, 'p');
    std::string bytes;
    const std::uint32_t crc = append_record(bytes, kNonce, some_record(payload));
    REQUIRE(bytes.size() == record_bytes(length));
    CHECK(bytes.size() % kRecordAlignment == 0);
    const std::string followed = bytes + "what follows";
    const auto decoded = decode_record(followed, kNonce);
    REQUIRE(decoded);
    CHECK(decoded->crc == crc);
    CHECK(decoded->bytes == bytes.size());
    CHECK(decoded->record.previous == 99);
    CHECK(decoded->record.zxid == Zxid{7});
    CHECK(decoded->record.stamp == Stamp{Zxid{6}, Zxid{5}});
    CHECK(decoded->record.payload == payload);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      CHECK_FALSE(decode_record(damaged, kNonce));
    }
    for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(decode_record(bytes.substr(0, n), kNonce));
  }
}

TEST_CASE("a record of another nonce never passes") {
  std::string bytes;
  append_record(bytes, kNonce, some_record("payload"));
  CHECK_FALSE(decode_record(bytes, kNonce + 1));
  CHECK_FALSE(decode_record(bytes, kNonce ^ (1ULL << 63U)));  // the tag is the same
}

TEST_CASE("zeros are no record") {
  CHECK_FALSE(decode_record(std::string(4096, '\0'), 0));
  CHECK_FALSE(decode_record(std::string(4096, '\0'), kNonce));
  CHECK_FALSE(decode_segment_header(std::string(4096, '\0')));
}

TEST_CASE("a segment is named after its first zxid") {
  CHECK(segment_name(Zxid{1}) == "log-0000000000000001");
  CHECK(segment_name(Zxid{0x7FFFFFFFFFFFFFFF}) == "log-7fffffffffffffff");
  CHECK(parse_segment_name("log-00000000000000ff") == Zxid{255});
  for (const char* wrong : {"log-", "log-00000000000000FF", "log-00000000000000ff.tmp",
                            "lug-00000000000000ff", "log-0000000000000xff", ""})
    CHECK_FALSE(parse_segment_name(wrong));
}

}  // namespace muster::storage
