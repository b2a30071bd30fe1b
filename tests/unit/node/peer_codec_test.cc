#include "server/node/peer_codec.h"

#include <catch2/catch.hpp>

#include "common/random.h"
#include "proto/peer.pb.h"

using namespace muster;
using namespace muster::node;
namespace b = muster::broadcast;

namespace {

std::vector<PeerMessage> examples() {
  const b::Entry entry{Epoch{3},
                       Zxid{9},
                       b::EntryKind::command,
                       1700000000000,
                       1,
                       {ServerId{2}, ~0ULL, 7},
                       SharedBytes(std::string("a\0b", 3))};
  const b::Entry bare{Epoch{3}, Zxid{10}, b::EntryKind::epoch_start, -5, 1, {}, {}};
  return {
      b::Message{Epoch{3}, b::Hello{5, "cluster", true, false, Zxid{8}, Epoch{2}, Zxid{4}}},
      b::Message{Epoch{3}, b::VoteRequest{true, false, true, Epoch{4}, Zxid{8}, Epoch{2}}},
      b::Message{Epoch{3}, b::VoteReply{true, Epoch{4}, true}},
      b::Message{Epoch{3}, b::Append{Zxid{8}, Epoch{2}, {entry, bare}, Zxid{7}, 55, true, b::Disk::stalled}},
      b::Message{Epoch{3}, b::AppendReply{false, Zxid{6}, Epoch{1}, 55, false, b::Disk::full}},
      b::Message{Epoch{3}, b::Welcome{5, 77}},
      b::Message{Epoch{3}, b::Forward{5, 78, {SharedBytes("x"), SharedBytes(""), SharedBytes("yy")}}},
      b::Message{Epoch{3}, b::BarrierRequest{12}},
      b::Message{Epoch{3}, b::BarrierReply{12, Zxid{9}}},
      b::Message{Epoch{3}, b::StandNow{}},
      TouchReport{4, {SessionId{1}, SessionId{-1}, SessionId{0x0100000000000001}}},
      TouchConfirm{4},
      StateOffer{5, std::string("m\0", 2)},
      StateChunk{5, 3, {{"key", std::string("v\0w", 3)}, {"other", ""}}},
      StateChunk{5, 4, {}},
      StateAck{5, 2},
      StateRefusal{5},
      DigestReport{{{Zxid{1000}, ~0ULL}, {Zxid{1003}, 0}}}};
}

}  // namespace

TEST_CASE("every message between servers survives its bytes") {
  for (const PeerMessage& message : examples()) {
    std::string bytes = "kept";
    append_encoded(bytes, message);
    REQUIRE(bytes.substr(0, 4) == "kept");
    const auto back = decode_peer_message(std::string_view(bytes).substr(4));
    REQUIRE(back.has_value());
    CHECK(*back == message);
  }
}

TEST_CASE("the bytes are those of Protobuf, also where it does not write them") {
  for (const PeerMessage& message : examples()) {
    std::string bytes;
    append_encoded(bytes, message);
    muster::proto::PeerMessage parsed;
    REQUIRE(parsed.ParseFromString(bytes));
    CHECK(parsed.SerializeAsString() == bytes);
  }
}

TEST_CASE("what a later version may say besides is passed over, and two bodies are refused") {
  const PeerMessage message = examples()[3];
  std::string bytes;
  append_encoded(bytes, message);
  const std::string unknown("\xfa\x07\x01z\x80\x08\x05", 7);  // fields 127 and 128
  for (const std::string& more : {bytes + unknown, unknown + bytes}) {
    const auto back = decode_peer_message(more);
    REQUIRE(back.has_value());
    CHECK(*back == message);
  }
  std::string forward;
  append_encoded(forward, examples()[6]);
  CHECK(decode_peer_message(bytes + bytes).has_error());
  CHECK(decode_peer_message(bytes + forward).has_error());
}

TEST_CASE("entries are parts of the message's block, and outlive the message") {
  std::string bytes;
  append_encoded(bytes, examples()[3]);
  SharedBytes payload;
  {
    const auto back = decode_peer_message(bytes);
    payload = std::get<b::Append>(std::get<b::Message>(*back).body).entries[0].payload;
  }
  bytes.assign(bytes.size(), 'x');
  CHECK(payload.view() == std::string_view("a\0b", 3));
}

TEST_CASE("no bytes do harm: cut, changed or random ones give a message or an error") {
  Random random(7);
  std::size_t errors = 0;
  for (const PeerMessage& message : examples()) {
    std::string bytes;
    append_encoded(bytes, message);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      errors += decode_peer_message(bytes.substr(0, cut)).has_error();
    for (int i = 0; i < 500; ++i) {
      std::string changed = bytes;
      changed[random.below(changed.size())] = static_cast<char>(random.next());
      errors += decode_peer_message(changed).has_error();
    }
  }
  CHECK(errors > 100);
  CHECK(decode_peer_message("").has_error());
}

TEST_CASE("numbers that can't be are refused") {
  const auto refused = [](const PeerMessage& message) {
    std::string bytes;
    append_encoded(bytes, message);
    return decode_peer_message(bytes).has_error();
  };
  CHECK(refused(b::Message{Epoch{-1}, b::StandNow{}}));
  CHECK(refused(b::Message{Epoch{1}, b::Append{Zxid{-1}, {}, {}, {}, 0, false}}));
  CHECK(refused(b::Message{Epoch{1}, b::Append{Zxid{INT64_MAX}, {}, {}, {}, 0, false}}));
  CHECK(refused(b::Message{Epoch{1}, b::Forward{1, ~0ULL, {}}}));
  CHECK(refused(b::Message{Epoch{1}, b::Hello{1, std::string(65, 'x'), false, true, {}, {}, {}}}));
  b::Entry entry;
  CHECK(refused(b::Message{Epoch{1}, b::Append{{}, {}, {entry}, {}, 0, false}}));
  entry.epoch = Epoch{1};
  entry.zxid = Zxid{1};
  CHECK_FALSE(refused(b::Message{Epoch{1}, b::Append{{}, {}, {entry}, {}, 0, false}}));
  for (const std::uint32_t unknown : {0U, 2U}) {  // the tree would not know what it means
    entry.semantics = unknown;
    CHECK(refused(b::Message{Epoch{1}, b::Append{{}, {}, {entry}, {}, 0, false}}));
  }
}

TEST_CASE("a command that no record of the log could hold is refused, as an entry and when it is forwarded") {
  b::Entry entry;
  entry.epoch = Epoch{1};
  entry.zxid = Zxid{1};
  for (const std::size_t mebibytes : {33U, 49U}) {
    const SharedBytes command(std::string(mebibytes << 20U, 'x'));
    entry.payload = command;
    for (const auto& body : {b::Message{Epoch{1}, b::Append{{}, {}, {entry}, {}, 0, false}},
                             b::Message{Epoch{1}, b::Forward{1, 1, {command}}}}) {
      std::string bytes;
      append_encoded(bytes, body);
      CHECK(decode_peer_message(bytes).has_error() == (mebibytes == 49));
    }
  }
}
