// The replies of the hot path are encoded without allocating, and what anyone may send makes nobody allocate much.
#include <catch2/catch.hpp>

#include "bytes.h"
#include "common/wire/connect.h"
#include "common/wire/events.h"
#include "common/wire/frame.h"
#include "common/wire/replies.h"
#include "examples.h"
#include "tests/support/allocations.h"

using namespace muster;
using namespace muster::wire;
using test::allocated_bytes;
using test::allocations;

TEST_CASE("encoding a reply or an event allocates only to grow `out`") {
  std::string out;
  out.reserve(4096);
  for (const auto& [request, body] : all_replies()) {
    const Reply reply{ErrorCode::ok, body};
    out.clear();
    const std::size_t before = allocations;
    append_reply(out, Xid{1}, Zxid{2}, reply);
    CHECK(allocations == before);
  }
  out.clear();
  const std::size_t before = allocations;
  append_event(out, Zxid{2}, EventType::node_created, "/a/path/that/is/longer/than/a/short/string");
  CHECK(allocations == before);
}

TEST_CASE("a length that promises much allocates nothing before its bytes have come") {
  const std::size_t before = allocated_bytes;
  for (const char* promised : {"7fffffff", "000fffff", "ffffffff", "80000000"}) {
    FrameReader reader;
    reader.append(bytes(promised));
    (void)reader.next();
  }
  CHECK(allocated_bytes - before < 4096);
}

TEST_CASE(
    "whatever a request says of its lengths and counts, it allocates a small multiple of its own bytes") {
  constexpr std::size_t some = 4096;
  for (std::int32_t type = -20; type < 120; ++type) {
    const auto operation = static_cast<OpCode>(type);
    if (!is_client_operation(operation)) continue;
    for (const char* number :
         {"7fffffff", "00100000", "00000007", "fffffffe", "80000000", "ffffffff", "00000000"}) {
      // The number stands at each place in turn, behind and before zeros and paths.
      for (std::size_t at = 0; at <= 40; ++at) {
        const std::string body = std::string(at, '\0') + bytes(number) + bytes("00000002 '/a' 00000002 '/b'");
        const std::size_t before = allocated_bytes;
        (void)decode_request(operation, body);
        REQUIRE(allocated_bytes - before < some);
      }
    }
  }
  const std::size_t before = allocated_bytes;
  (void)decode_connect_request(bytes("00000000 00000000 00000000 00000000 00000000 00000000 7fffffff"));
  CHECK(allocated_bytes - before < some);

  // The most that the smallest elements can make of a large body.
  const auto grows = [](OpCode operation, const std::string& body) {
    const std::size_t start = allocated_bytes;
    REQUIRE(decode_request(operation, body).has_value());
    return static_cast<double>(allocated_bytes - start) / static_cast<double>(body.size());
  };
  std::string many, deletes;
  for (int i = 0; i < 10'000; ++i) many += bytes("00000000");
  for (int i = 0; i < 10'000; ++i) deletes += bytes("00000002 00 ffffffff 00000000 00000000");
  CHECK(grows(OpCode::set_watches, bytes("00000000 00000000 00002710") + many + bytes("00000000 00000000")) <
        20);
  CHECK(grows(OpCode::multi, deletes + bytes("ffffffff 01 ffffffff")) < 40);
}

TEST_CASE("a reader holds little more than the frame that it waits for, however much came at once") {
  const std::string frame("\0\0\0\4abcd", 8);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += frame;
  for (const std::size_t begun : {0, 3, 7}) {
    const std::ptrdiff_t before = test::held_bytes;
    FrameReader reader;
    reader.append(many + frame.substr(0, begun));
    CHECK(test::held_bytes > before + 4000);
    int frames = 0;
    while (*reader.next()) ++frames;
    CHECK(frames == 1000);
    CHECK(test::held_bytes <= before + 1100);
    reader.append(frame.substr(begun));
    CHECK(*reader.next() == "abcd");
  }
}
