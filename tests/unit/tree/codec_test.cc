// Commands to bytes and back; bytes of any kind never do harm. And the hash, by its published values.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <limits>
#include <map>
#include <random>

#include "common/random.h"
#include "proto/entry.pb.h"
#include "server/tree/digest.h"
#include "server/tree/hash_index.h"
#include "tests/unit/tree/random_commands.h"

namespace muster::tree::test {

TEST_CASE("null and empty survive the way through bytes") {
  for (const std::optional<std::string>& text :
       {std::optional<std::string>(), std::optional<std::string>("")}) {
    Command command;
    command.identities = {{text, text}, {"digest", text}, {text, "x"}};
    wire::CreateRequest create;
    create.data = text;
    create.acl = std::vector<Acl>{{31, {text, text}}};
    for (const std::optional<std::vector<Acl>>& acl :
         {std::optional<std::vector<Acl>>(), std::optional<std::vector<Acl>>(std::vector<Acl>{}),
          create.acl}) {
      create.acl = acl;
      for (const Operation& operation : std::vector<Operation>{
               create, wire::SetDataRequest{"/x", text, 3}, wire::SetAclRequest{"", acl, -1},
               wire::MultiRequest{{create, wire::SetDataRequest{"/x", text, -1}, wire::CheckVersionRequest{},
                                   wire::DeleteRequest{}}}}) {
        command.operation = operation;
        const auto decoded = decode_command(encode(command));
        REQUIRE(decoded.has_value());
        CHECK(*decoded == command);
      }
    }
  }
}

TEST_CASE("every command survives the way through bytes, at the ends of its numbers too") {
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int32_t>::max();
  constexpr auto least = std::numeric_limits<std::int32_t>::min();
  wire::CreateRequest ttl{wire::OpCode::create_ttl, std::string("/\0\xff", 3), "d", std::nullopt, least, low};
  for (const Operation& operation : std::vector<Operation>{
           OpenSession{ServerId{254}, most, least}, AttachSession{SessionId{low}, ServerId{-1}, least, most},
           CloseSession{}, ExpireSession{SessionId{low}, Zxid{low}}, ttl, wire::DeleteRequest{"/x", least},
           wire::MultiRequest{}}) {
    const Command command{SessionId{low}, Zxid{low}, Xid{least}, {}, operation};
    const auto decoded = decode_command(encode(command));
    REQUIRE(decoded.has_value());
    CHECK(*decoded == command);
  }
}

TEST_CASE("a command's bytes are those of Protobuf") {
  RandomCommands commands(Random(11));
  Model model;
  for (std::int64_t zxid = 1; zxid <= 5000; ++zxid) {
    const Command command = commands.next(model);
    model.apply({Zxid{zxid}, 1, 1}, command);
    const std::string bytes = encode(command);
    proto::Command parsed;
    REQUIRE(parsed.ParseFromString(bytes));
    REQUIRE(parsed.SerializeAsString() == bytes);
  }
}

TEST_CASE("a command that serves again keeps nothing of the one before") {
  RandomCommands commands(Random(12));
  Model model;
  Command again;
  for (std::int64_t zxid = 1; zxid <= 5000; ++zxid) {
    const Command command = commands.next(model);
    model.apply({Zxid{zxid}, 1, 1}, command);
    REQUIRE(decode_command(encode(command), again));
    REQUIRE(again == command);
  }
}

TEST_CASE("random bytes and damaged commands never do harm") {
  Random random(std::random_device{}());
  RandomCommands commands(Random(7));
  Model model;
  Tree tree;
  std::int64_t zxid = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    if (random.chance(1, 3)) {
      bytes.resize(random.below(40));
      for (char& c : bytes) c = static_cast<char>(random.below(256));
    } else {
      const Stamp stamp{Zxid{++zxid}, 1, 1};
      const Command command = commands.next(model);
      model.apply(stamp, command);
      bytes = encode(command);
      REQUIRE(decode_command(bytes).has_value());
      tree.apply(stamp, bytes);
      if (random.chance(1, 2)) bytes.resize(random.below(bytes.size() + 1));
      if (!bytes.empty()) bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    const auto decoded = decode_command(bytes);
    if (decoded) REQUIRE(decode_command(encode(*decoded)).value() == *decoded);
    // Whatever the damage made of it, an entry is applied on a copy without harm.
    if (i % 50 == 0) {
      Tree copy = tree;
      copy.apply({Zxid{zxid + 1}, 1, 1}, bytes);
      REQUIRE(copy.digest() == copy.recompute_digest());
    }
  }
}

TEST_CASE("bytes without a known operation are no command") {
  CHECK_FALSE(decode_command("").has_value());
  Command command;
  command.operation = wire::CreateRequest{};
  std::get<wire::CreateRequest>(command.operation).type = wire::OpCode::set_data;
  CHECK_FALSE(decode_command(encode(command)).has_value());
}

TEST_CASE("the hash is XXH64") {
  CHECK(hash_bytes("") == 0xEF46DB3751D8E999U);
  CHECK(hash_bytes("a") == 0xD24EC4F1A98C6E5BU);
  CHECK(hash_bytes("abc") == 0x44BC2CF5AD770999U);
  CHECK(hash_bytes("Nobody inspects the spammish repetition") == 0xFBCEA83C8A378BF1U);
}

TEST_CASE("the index finds what is in it, also where hashes collide") {
  Random random(11);
  HashIndex index;
  std::map<std::uint32_t, std::uint64_t> in;
  for (std::uint32_t i = 0; i < 30'000; ++i) {
    // Few shards and few low bits: long runs of full slots.
    const std::uint64_t hash = random.below(3) << 56U | random.below(200);
    index.insert(hash, i);
    in[i] = hash;
    if (random.chance(2, 3)) {
      const auto victim = std::next(
          in.begin(), static_cast<std::ptrdiff_t>(random.below(std::min<std::uint64_t>(in.size(), 50))));
      index.erase(victim->second, victim->first);
      in.erase(victim);
    }
    if (in.size() > 300) {
      index.erase(in.begin()->second, in.begin()->first);
      in.erase(in.begin());
    }
  }
  for (const auto& [record, hash] : in) {
    REQUIRE(index.find(hash, [wanted = record](std::uint32_t id) { return id == wanted; }) == record);
  }
  for (std::uint64_t hash = 0; hash < 200; ++hash) {
    bool only_known = true;
    const auto found = index.find(hash, [&](std::uint32_t id) {
      only_known = only_known && in.count(id) == 1;
      return false;
    });
    REQUIRE(found == HashIndex::none);
    REQUIRE(only_known);
  }
}

}  // namespace muster::tree::test
