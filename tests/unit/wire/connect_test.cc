#include "common/wire/connect.h"

#include <catch2/catch.hpp>

#include "bytes.h"

using namespace muster;
using namespace muster::wire;

namespace {

const std::string zeros = "00000000000000000000000000000000";
const std::string password = "'0123456789abcdef'";

std::string payload(const std::string& frame) { return frame.substr(4); }

}  // namespace

TEST_CASE("the handshake of today's clients: 45 bytes ask, 37 answer") {
  const std::string asked =
      bytes("0000002d 00000000 0000000000000000 00002710 0000000000000000 00000010" + zeros + "00");
  const auto request = decode_connect_request(payload(asked));
  REQUIRE(request.has_value());
  CHECK(payload(asked).size() == 45);
  CHECK(*request == ConnectRequest{0, Zxid{0}, 10'000, SessionId{0}, std::string(16, '\0'), false, {}});
  CHECK(encode_connect_request(*request) == asked);

  std::string answer;
  append_connect_reply(answer, {0, 10'000, SessionId{0x100000000000001}, "0123456789abcdef", false, {}});
  CHECK(answer == bytes("00000025 00000000 00002710 0100000000000001 00000010" + password + "00"));
  CHECK(decode_connect_reply(payload(answer))->session == SessionId{0x100000000000001});
}

TEST_CASE("the handshake of old clients: 44 bytes ask, 36 answer, no byte in and none out") {
  const std::string asked =
      bytes("0000002c 00000000 0000000000000005 00002710 0100000000000001 00000010" + password);
  const auto request = decode_connect_request(payload(asked));
  REQUIRE(request.has_value());
  CHECK(*request ==
        ConnectRequest{0, Zxid{5}, 10'000, SessionId{0x100000000000001}, "0123456789abcdef", {}, {}});
  CHECK(encode_connect_request(*request) == asked);

  std::string refusal;
  append_connect_reply(refusal, {});
  CHECK(refusal == bytes("00000024 00000000 00000000 0000000000000000 00000010" + zeros));
  CHECK(*decode_connect_reply(payload(refusal)) == ConnectReply{});
}

TEST_CASE("remember follows what ZooKeeper reads, in both directions") {
  const ConnectRequest request{0, Zxid{5}, 10'000, SessionId{1}, "0123456789abcdef", false, 1000};
  const std::string asked = encode_connect_request(request);
  CHECK(asked == bytes("00000035 00000000 0000000000000005 00002710 0000000000000001 00000010" + password +
                       "00 'MSTR' 000003e8"));
  CHECK(*decode_connect_request(payload(asked)) == request);

  const ConnectReply reply{0, 10'000, SessionId{1}, "0123456789abcdef", false, 0};
  std::string answer;
  append_connect_reply(answer, reply);
  CHECK(*decode_connect_reply(payload(answer)) == reply);
}

TEST_CASE("a null password is an empty one; unknown bytes at the end are ignored") {
  const std::string start = "00000000 0000000000000000 00002710 0000000000000000 ";
  CHECK(decode_connect_request(bytes(start + "ffffffff"))->password.empty());
  for (const char* tail : {"'MSTX' 000003e8", "'MSTR' 0003e8", "'MST'", "'other things'"}) {
    const auto request = decode_connect_request(bytes(start + "00000000 01" + tail));
    REQUIRE(request.has_value());
    CHECK(request->read_only == true);
    CHECK_FALSE(request->remember);
  }
  CHECK(decode_connect_request(bytes(start + "00000000 01 'MSTR' 000003e8 'more'"))->remember == 1000);
}

TEST_CASE("a handshake that is cut short is an error") {
  const std::string request =
      payload(encode_connect_request({0, Zxid{5}, 1, SessionId{1}, "0123456789abcdef", {}, {}}));
  for (std::size_t size = 0; size < request.size(); ++size)
    CHECK_FALSE(decode_connect_request(request.substr(0, size)).has_value());
  std::string reply;
  append_connect_reply(reply, {});
  for (std::size_t size = 0; size < reply.size() - 4; ++size)
    CHECK_FALSE(decode_connect_reply(payload(reply).substr(0, size)).has_value());
  CHECK_FALSE(decode_connect_request(bytes("00000000 0000000000000000 00002710 0000000000000000 fffffffe"))
                  .has_value());
  CHECK_FALSE(decode_connect_reply(bytes("00000000 00002710 0000000000000000 00000004 '1234'")).has_value());
}
