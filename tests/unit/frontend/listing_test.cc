// Lists of children that are given in pieces.
#include "server/frontend/listing.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <random>

#include "common/random.h"
#include "tests/unit/frontend/front.h"

using namespace muster;
using namespace muster::test;
namespace wire = muster::wire;

namespace {

wire::DeleteRequest deletion(std::string path) { return {std::move(path), -1}; }

Front with_children(std::size_t at_once, const std::vector<std::string>& names) {
  Front front = Front::open();
  front.settings.max_children_at_once = at_once;
  front.other(create("/a"));
  for (const std::string& name : names) front.other(create("/a/" + name));
  return front;
}

void give(Front& front) {
  front.connection.give_piece(front.context());
  front.run();
}

}  // namespace

TEST_CASE("a list that is no longer than a step is answered at once, a longer one in pieces") {
  Front front = with_children(2, {"1", "2"});
  front.ask(children("/a"));
  CHECK(front.said() == Lines{"1 ok children=1,2"});
  front.other(create("/a/3"));
  front.ask(children("/a"));
  CHECK(front.connection.in_pieces());
  CHECK(front.said().empty());
  give(front);
  CHECK(front.said().empty());
  give(front);
  CHECK(front.said() == Lines{"2 ok children=1,2,3"});
  CHECK_FALSE(front.connection.in_pieces());
}

TEST_CASE(
    "it lists what was there when it began, whatever is written meanwhile; its zxid and Stat are from then") {
  Front front = with_children(2, {"1", "2", "3", "4", "5", "6"});
  const Zxid began = front.zxid;
  const Stat stat = front.tree.stat("/a").value();
  front.ask(wire::GetChildrenRequest{wire::OpCode::get_children2, "/a", false});
  give(front);                    // 1, 2
  front.other(deletion("/a/1"));  // given already
  front.other(create("/a/0"));    // behind us
  front.other(create("/a/45"));   // is no part of it
  front.other(deletion("/a/4"));  // is
  front.other(deletion("/a/6"));  // is, and stays so
  front.other(create("/a/6"));
  front.other(create("/a/7"));
  front.other(deletion("/a/7"));
  while (front.connection.in_pieces()) give(front);
  const std::string bytes = front.connection.take_output();
  std::string_view payload = std::string_view(bytes).substr(4);
  const auto header = wire::decode_reply_header(payload);
  CHECK(header->zxid == began);
  CHECK(wire::decode_reply_body(wire::OpCode::get_children2, payload).value() ==
        wire::ReplyBody(wire::Children2Reply{{"1", "2", "3", "4", "5", "6"}, stat}));
  front.ask(children("/a"));
  while (front.connection.in_pieces()) give(front);
  CHECK(front.said() == Lines{"2 ok children=0,2,3,45,5,6"});
}

TEST_CASE("all children and the znode itself may go, and come again, before the list is whole") {
  Front front = with_children(2, {"1", "2", "3", "4"});
  front.ask(children("/a"));
  give(front);
  for (const char* path : {"/a/1", "/a/2", "/a/3", "/a/4", "/a"}) front.other(deletion(path));
  front.other(create("/a"));
  front.other(create("/a/4"));
  while (front.connection.in_pieces()) give(front);
  CHECK(front.said() == Lines{"1 ok children=1,2,3,4"});
}

TEST_CASE(
    "what comes meanwhile waits for the end of the list: events, replies, and the end of the connection") {
  Front front = with_children(2, {"1", "2", "3", "4"});
  front.ask(get("/a", true));
  CHECK(front.said() == Lines{"1 ok data="});
  front.ask(children("/a", true));
  front.ask(get("/a"));
  front.ask(wire::PingRequest{});
  front.ask(create("/a/5"));
  give(front);
  front.other(set("/a", "x"));
  front.other(create("/a/0"));
  front.deliver();
  CHECK(front.said().empty());
  give(front);
  CHECK(front.said() == Lines{"2 ok children=1,2,3,4", "event node_data_changed /a",
                              "event node_children_changed /a", "3 ok data=x", "-2 ok", "5 ok path=/a/5"});
  front.ask(children("/a"));
  front.ask(wire::SaslRequest{});  // nothing proves nothing: the last request was the one before
  CHECK_FALSE(front.hung_up);
  while (front.connection.in_pieces()) give(front);
  CHECK(front.hung_up);
  CHECK(front.said() == Lines{"6 ok children=0,1,2,3,4,5"});
}

TEST_CASE("a list waits for its turn, and for whoever does not read; permissions are those of any list") {
  Front front = with_children(1, {"1", "2"});
  front.ask(set("/a", "x"));
  front.ask(children("/a"));
  CHECK_FALSE(front.connection.in_pieces());
  front.other(create("/a/3"));
  front.deliver();
  CHECK(front.connection.takes_piece(front.settings));
  front.connection.backlog(256 * 1024);
  CHECK_FALSE(front.connection.takes_piece(front.settings));
  front.connection.backlog(0);
  while (front.connection.in_pieces()) give(front);
  CHECK(front.said() == Lines{"1 ok version=1", "2 ok children=1,2,3"});
  front.other(
      wire::SetAclRequest{"/a", std::vector<Acl>{{perm::all & ~perm::read, {"world", "anyone"}}}, -1});
  front.ask(children("/a", true));
  front.ask(children("/b"));
  CHECK(front.said() == Lines{"3 error -102", "4 error -101"});
  CHECK(front.watches.size() == 0);
}

TEST_CASE("what a list has to keep in mind counts as output that waits") {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(std::to_string(1000 + i));
  Front front = with_children(1, names);
  front.settings.max_output_bytes = 4000;
  front.ask(children("/a"));
  CHECK_FALSE(front.connection.overflows(front.settings));
  for (const std::string& name : names) front.other(deletion("/a/" + name));
  CHECK(front.connection.overflows(front.settings));
  while (front.connection.in_pieces()) give(front);
  CHECK_FALSE(front.connection.overflows(front.settings));
}

TEST_CASE("random writes while random lists are given: each is what was there when it began") {
  const std::uint64_t fresh = std::random_device{}();
  std::cout << "fresh seed: " << fresh << std::endl;
  for (const std::uint64_t seed : {fresh, std::uint64_t{1}}) {
    INFO("seed " << seed);
    Random random(seed);
    Front front = with_children(1, {});
    for (int round = 0; round < 300; ++round) {
      const auto write = [&] {
        const std::string path = "/a/" + std::to_string(random.below(40));
        if (random.chance(1, 2))
          front.other(create(path));
        else
          front.other(deletion(path));
      };
      for (int i = 0; i < 10; ++i) write();
      front.settings.max_children_at_once = 1 + random.below(6);
      std::string expected;
      for (const std::string& name : front.tree.children("/a"))
        expected += (expected.empty() ? "" : ",") + name;
      front.ask(children("/a"));
      while (front.connection.in_pieces()) {
        for (std::uint64_t i = random.below(8); i > 0; --i) write();
        give(front);
      }
      REQUIRE(front.said() == Lines{std::to_string(round + 1) + " ok children=" + expected});
    }
  }
}
