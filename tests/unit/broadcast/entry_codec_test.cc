#include "server/broadcast/entry_codec.h"

#include <catch2/catch.hpp>
#include <limits>

#include "proto/entry.pb.h"
#include "tests/unit/broadcast/values.h"

namespace muster::broadcast {

TEST_CASE("an entry of every kind comes back as it was") {
  for (const EntryKind kind :
       {EntryKind::command, EntryKind::epoch_start, EntryKind::founding, EntryKind::membership}) {
    Entry before = entry(1234567890123, 42, std::string("any\0bytes\xff", 10));
    before.kind = kind;
    before.time_ms = -5;
    before.semantics = 3;
    before.forward = forward(254, 0xfedcba9876543210U, 77);
    std::string bytes = "before";
    append_encoded(bytes, before);
    const auto after = decode_entry(std::string_view(bytes).substr(6));
    REQUIRE(after.has_value());
    CHECK(*after == before);
  }
}

TEST_CASE("an entry's bytes are those of Protobuf, at the ends of its numbers too") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{127}, std::int64_t{128}, most, -most - 1})
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{127}, std::size_t{20000}}) {
      Entry one = entry(number, number, std::string(size, 'p'));
      one.time_ms = number;
      one.semantics = static_cast<std::uint32_t>(number);
      one.forward = forward(static_cast<std::int32_t>(number), static_cast<std::uint64_t>(number),
                            static_cast<std::uint64_t>(number));
      std::string bytes;
      append_encoded(bytes, one);
      proto::Entry parsed;
      REQUIRE(parsed.ParseFromString(bytes));
      CHECK(parsed.SerializeAsString() == bytes);
      CHECK(parsed.zxid() == number);
      CHECK(parsed.origin() == one.forward.origin.value);
      CHECK(parsed.payload().size() == size);
    }
}

TEST_CASE("bytes that are no entry are refused") {
  std::string bytes;
  append_encoded(bytes, entry(5, 2, "payload"));
  CHECK_FALSE(decode_entry("").has_value());
  CHECK_FALSE(decode_entry("\xff\xff\xff").has_value());
  CHECK_FALSE(decode_entry(std::string_view(bytes).substr(0, bytes.size() - 1)).has_value());
  Entry unknown = entry(5, 2);
  unknown.kind = static_cast<EntryKind>(9);
  bytes.clear();
  append_encoded(bytes, unknown);
  CHECK_FALSE(decode_entry(bytes).has_value());
}

TEST_CASE("a founding comes back as it was") {
  const Founding before{std::string(16, '\x01'), std::string(32, '\xfe'), voters(3)};
  Founding after;
  REQUIRE(decode(encode(before), after));
  CHECK(after == before);
  CHECK_FALSE(decode("", after));
}

TEST_CASE("a membership is sorted, without duplicates, and has a voter") {
  Membership out;
  REQUIRE(decode(encode(voters(5)), out));
  CHECK(out == voters(5));
  Membership twice = voters(2);
  twice.members.push_back(Member{ServerId{2}, false});
  CHECK_FALSE(decode(encode(twice), out));
  Membership none;
  none.members.push_back(Member{ServerId{1}, false});
  CHECK_FALSE(decode(encode(none), out));
}

}  // namespace muster::broadcast
