#include "common/wire/requests.h"

#include <catch2/catch.hpp>

#include "bytes.h"
#include "common/random.h"
#include "common/wire/jute.h"
#include "examples.h"

using namespace muster;
using namespace muster::wire;

namespace {

std::string body_of(const Request& request) { return encode_request(Xid{1}, request).substr(12); }

// Decoded and encoded again.
std::string again(OpCode type, std::string_view body) {
  const auto request = decode_request(type, body);
  return request ? body_of(*request) : "error: " + request.error().message;
}

constexpr auto cut_short = "error: the request is cut short or holds impossible values";

}  // namespace

TEST_CASE("every request survives being encoded and decoded") {
  for (const Request& request : all_requests()) {
    std::string frame = encode_request(Xid{77}, request);
    std::string_view payload = std::string_view(frame).substr(4);
    const auto header = decode_request_header(payload);
    REQUIRE(header.has_value());
    CHECK(header->xid == Xid{77});
    CHECK(header->type == type_of(request));
    CHECK(is_client_operation(header->type));
    const auto decoded = decode_request(header->type, payload);
    REQUIRE(decoded.has_value());
    CHECK(decoded->index() == request.index());
    CHECK(encode_request(Xid{77}, *decoded) == frame);
    CHECK(again(header->type, std::string(payload) + "bytes that follow are ignored") == payload);
  }
}

TEST_CASE("requests as other clients send them") {
  const Request create = CreateRequest{OpCode::create, "/a", "v", open_acl(), create_flags::ephemeral, 0};
  CHECK(encode_request(Xid{1}, create) == bytes("00000032 00000001 00000001 00000002 '/a' 00000001 'v' "
                                                "00000001 0000001f 00000005 'world' 00000006 'anyone'"
                                                "00000001"));
  CHECK(encode_request(Xid{ping_xid}, PingRequest{}) == bytes("00000008 fffffffe 0000000b"));
  CHECK(body_of(GetDataRequest{"/a", true}) == bytes("00000002 '/a' 01"));
  CHECK(body_of(MultiRequest{{DeleteRequest{"/a", -1}}}) ==
        bytes("00000002 00 ffffffff 00000002 '/a' ffffffff  ffffffff 01 ffffffff"));
}

TEST_CASE("a null path cannot be read, but by those operations by which ZooKeeper reads one") {
  for (const OpCode type : {OpCode::create, OpCode::create2, OpCode::create_container, OpCode::remove,
                            OpCode::exists, OpCode::get_data, OpCode::get_acl, OpCode::get_children,
                            OpCode::get_children2, OpCode::get_all_children_number, OpCode::check_watches})
    CHECK(again(type, bytes("ffffffff 00000000 00000000 00000000 00000000")) == cut_short);
  CHECK(again(OpCode::set_watches, bytes("00000000 00000000 00000001 ffffffff 00000000 00000000")) ==
        cut_short);
  CHECK(again(OpCode::multi,
              bytes("00000005 00 ffffffff ffffffff ffffffff ffffffff  ffffffff 01 ffffffff")) == cut_short);
  CHECK(again(OpCode::multi_read, bytes("00000004 00 ffffffff ffffffff 00  ffffffff 01 ffffffff")) ==
        cut_short);
  for (const OpCode type : {OpCode::set_data, OpCode::set_acl, OpCode::add_watch, OpCode::remove_watches})
    CHECK(decode_request(type, bytes("ffffffff 00000000 00000000 00000000")).has_value());
  CHECK_FALSE(std::get<SyncRequest>(*decode_request(OpCode::sync, bytes("ffffffff"))).path);
  CHECK_FALSE(
      std::get<GetEphemeralsRequest>(*decode_request(OpCode::get_ephemerals, bytes("ffffffff"))).prefix);
}

TEST_CASE("null and empty stay different where the protocol knows both") {
  const auto data = [](const char* text) {
    return std::get<SetDataRequest>(*decode_request(OpCode::set_data, bytes(text))).data;
  };
  CHECK(data("00000002 '/a' ffffffff ffffffff") == std::nullopt);
  CHECK(data("00000002 '/a' 00000000 ffffffff") == std::optional<std::string>(""));
  const auto acl = [](const char* text) {
    return std::get<SetAclRequest>(*decode_request(OpCode::set_acl, bytes(text))).acl;
  };
  CHECK(acl("00000002 '/a' ffffffff ffffffff") == std::nullopt);
  CHECK(acl("00000002 '/a' 00000000 ffffffff") == std::optional<std::vector<Acl>>(std::vector<Acl>()));
}

TEST_CASE("a request that is cut short anywhere is an error") {
  for (const Request& request : all_requests()) {
    const std::string body = body_of(request);
    for (std::size_t size = 0; size < body.size(); ++size) {
      CHECK(again(type_of(request), std::string_view(body).substr(0, size)) == cut_short);
    }
  }
  std::string_view header = "1234567";
  CHECK_FALSE(decode_request_header(header).has_value());
}

TEST_CASE("impossible requests are errors") {
  // Lengths and counts that the bytes can't hold.
  CHECK(again(OpCode::exists, bytes("7fffffff '/a' 01")) == cut_short);
  CHECK(again(OpCode::exists, bytes("fffffffe '/a' 01")) == cut_short);
  CHECK(again(OpCode::set_acl, bytes("00000002 '/a' 7fffffff 00000000")) == cut_short);
  CHECK(again(OpCode::set_acl, bytes("00000002 '/a' fffffffe 00000000")) == cut_short);
  CHECK(again(OpCode::set_watches, bytes("0000000000000000 ffffffff 00000000 00000000")) == cut_short);
  // Inside a multi: no read, no null list of permissions, no time to live with a plain create.
  CHECK(again(OpCode::multi, bytes("00000004 00 ffffffff 00000002 '/a' 00 ffffffff 01 ffffffff")) ==
        cut_short);
  CHECK(again(OpCode::multi_read,
              bytes("00000002 00 ffffffff 00000002 '/a' ffffffff ffffffff 01 ffffffff")) == cut_short);
  for (const auto& create :
       {CreateRequest{OpCode::create, "/a", "", std::nullopt, 0, 0},
        CreateRequest{OpCode::create, "/a", "", open_acl(), create_flags::ttl, 0},
        CreateRequest{OpCode::create2, "/a", "", open_acl(), create_flags::ttl_sequential, 0}}) {
    CHECK(again(OpCode::multi, body_of(MultiRequest{{create}})) == cut_short);
  }
}

TEST_CASE("only what a client may send is a client's operation") {
  for (const int number : {-10, -1, 0, 10, 13, 20, 23, 99, 108, 1000, -12})
    CHECK_FALSE(is_client_operation(static_cast<OpCode>(number)));
}

TEST_CASE("no bytes break the decoders") {
  Random random(11);
  const std::vector<Request> examples = all_requests();
  for (int round = 0; round < 20'000; ++round) {
    const Request& example = examples[random.below(examples.size())];
    std::string body = body_of(example);
    const std::uint64_t changes = random.below(4);
    for (std::uint64_t i = 0; i < changes && !body.empty(); ++i) {
      body[random.below(body.size())] = static_cast<char>(random.chance(1, 2) ? random.below(256) : 255);
    }
    if (random.chance(1, 4)) body.resize(random.below(40), '\xFF');
    const auto decoded = decode_request(type_of(example), body);
    // What could be read, means the same when it is written again.
    if (decoded) CHECK(again(type_of(*decoded), body_of(*decoded)) == body_of(*decoded));
  }
}
