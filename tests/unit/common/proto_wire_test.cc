#include "common/proto_wire.h"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

namespace muster::proto_wire {
namespace {

// The fields of `bytes` as "number:value"; "!" where they are no message.
std::string read(std::string_view bytes) {
  std::string seen;
  Reader reader(bytes);
  while (reader.next()) {
    seen += std::to_string(reader.field()) + ":";
    if (reader.is(Type::bytes))
      seen += reader.bytes();
    else
      seen += std::to_string(reader.is(Type::varint) ? reader.number() : reader.fixed64());
    seen += " ";
  }
  return reader.ok() ? seen : seen + "!";
}

}  // namespace

TEST_CASE("numbers come back from their bytes") {
  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{128},
                                     std::uint64_t{1} << 35U, std::numeric_limits<std::uint64_t>::max()}) {
    std::string bytes;
    put_number(bytes, 5, number);
    put_fixed64(bytes, 6, number);
    CHECK(read(bytes) == "5:" + std::to_string(number) + " 6:" + std::to_string(number) + " ");
  }
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()})
    CHECK(unzigzag(zigzag(number)) == number);
}

TEST_CASE("a message may be longer than one byte of length tells") {
  for (const std::size_t size : {0U, 127U, 128U, 70000U}) {
    std::string bytes = "before";
    put_message(bytes, 3, [&](std::string& out) { out.append(size, 'm'); });
    CHECK(read(std::string_view(bytes).substr(6)) == "3:" + std::string(size, 'm') + " ");
  }
}

TEST_CASE("a field of another type than it is asked for reads as nothing") {
  std::string bytes;
  put_number(bytes, 1, std::uint64_t{7});
  Reader reader(bytes);
  REQUIRE(reader.next());
  CHECK(reader.number() == 7);
  CHECK(reader.fixed64() == 0);
  CHECK(reader.bytes().empty());
}

TEST_CASE("what is no message is seen") {
  const std::string ten(10, '\xff');
  for (const std::string& bytes : std::vector<std::string>{
           "\x80", "\x08", "\x08\x80",
           "\x09"
           "1234567",
           "\x0d"
           "123",
           "\x0a\x02x", "\x0a" + ten + "x", ten + ten, std::string("\0\0", 2),  // field 0
           "\x0b\x0c",                                                          // a group
           "\x0e", "\x0f",                                                      // types that there are not
           "\xf8\xff\xff\xff\xff\x7f\x01"})                                     // a field above 2^29
    CHECK(read(bytes) == "!");
  CHECK(read("\x0d"
             "1234") == "1:0 ");  // a fixed32 is passed over
  CHECK(read("") == "");
}

}  // namespace muster::proto_wire
