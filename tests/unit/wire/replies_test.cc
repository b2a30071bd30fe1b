#include "common/wire/replies.h"

#include <catch2/catch.hpp>

#include "bytes.h"
#include "common/random.h"
#include "common/wire/events.h"
#include "common/wire/jute.h"
#include "examples.h"

using namespace muster;
using namespace muster::wire;

namespace {

std::string reply_frame(const Reply& reply) {
  std::string out;
  append_reply(out, Xid{5}, Zxid{6}, reply);
  return out;
}

std::string body_of(const ReplyBody& body) { return reply_frame({ErrorCode::ok, body}).substr(20); }

}  // namespace

TEST_CASE("every reply survives being encoded and decoded") {
  for (const auto& [request, body] : all_replies()) {
    const std::string frame = reply_frame({ErrorCode::ok, body});
    std::string_view payload = std::string_view(frame).substr(4);
    const auto header = decode_reply_header(payload);
    REQUIRE(header.has_value());
    CHECK(header->xid == Xid{5});
    CHECK(header->zxid == Zxid{6});
    CHECK(header->error == ErrorCode::ok);
    const auto decoded = decode_reply_body(request, payload);
    REQUIRE(decoded.has_value());
    CHECK(*decoded == body);
    CHECK(reply_frame({ErrorCode::ok, *decoded}) == frame);
  }
}

TEST_CASE("replies as other clients read them") {
  CHECK(reply_frame({ErrorCode::no_node, {}}) == bytes("00000010 00000005 0000000000000006 ffffff9b"));
  CHECK(reply_frame({ErrorCode::no_node, CreateReply{"/never sent"}}).size() == 20);
  CHECK(body_of(StatReply{some_stat()}) ==
        bytes("0000000000000001 0000000000000002 0000000000000003 0000000000000004 00000005 00000006 00000007"
              "0000000000000008 00000009 0000000a 000000000000000b"));
  CHECK(body_of(MultiReply{{{OpCode::error, ErrorCode::ok, {}}, {OpCode::error, ErrorCode::no_node, {}}}}) ==
        bytes("ffffffff 00 00000000 00000000  ffffffff 00 ffffff9b ffffff9b  ffffffff 01 ffffffff"));
  CHECK(body_of(MultiReply{{{OpCode::remove, ErrorCode::ok, {}}}}) ==
        bytes("00000002 00 00000000 ffffffff 01 ffffffff"));
  std::string event;
  append_event(event, Zxid{7}, EventType::node_data_changed, "/a");
  CHECK(event == bytes("0000001e ffffffff 0000000000000007 00000000 00000003 00000003 00000002 '/a'"));
}

TEST_CASE("a reply that is cut short anywhere is an error") {
  for (const auto& [request, body] : all_replies()) {
    const std::string whole = body_of(body);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK_FALSE(decode_reply_body(request, std::string_view(whole).substr(0, size)).has_value());
    }
  }
  std::string_view header = "123456789012345";
  CHECK_FALSE(decode_reply_header(header).has_value());
}

TEST_CASE("events survive, and are errors when cut short") {
  std::string frame;
  append_event(frame, Zxid{-1}, EventType::node_deleted, "/gone");
  const std::string_view body = std::string_view(frame).substr(20);
  CHECK(*decode_event(body) == WatcherEvent{EventType::node_deleted, 3, "/gone"});
  for (std::size_t size = 0; size < body.size(); ++size)
    CHECK_FALSE(decode_event(body.substr(0, size)).has_value());
}

TEST_CASE("no bytes break the client's decoders") {
  Random random(12);
  const auto examples = all_replies();
  for (int round = 0; round < 20'000; ++round) {
    const auto& example = examples[random.below(examples.size())];
    std::string body = body_of(example.body);
    const std::uint64_t changes = random.below(4);
    for (std::uint64_t i = 0; i < changes && !body.empty(); ++i) {
      body[random.below(body.size())] = static_cast<char>(random.chance(1, 2) ? random.below(256) : 255);
    }
    const auto decoded = decode_reply_body(example.request, body);
    if (decoded) CHECK(*decode_reply_body(example.request, body_of(*decoded)) == *decoded);
  }
}
