// A znode's record is written by Protobuf and read by hand: both must mean the same.
#include "server/tree/record_codec.h"

#include <catch2/catch.hpp>
#include <string>

#include "proto/state.pb.h"

namespace muster::tree {
namespace {

proto::ZnodeRecord full_record() {
  proto::ZnodeRecord record;
  record.set_kind(proto::ZnodeRecord::EPHEMERAL);
  record.set_data(std::string("da\0ta", 5));
  proto::Acl& acl = *record.mutable_acl()->add_entries();
  acl.set_perms(-1);
  acl.mutable_who()->set_scheme("world");
  record.set_czxid(1);
  record.set_mzxid(1LL << 40U);
  record.set_pzxid(3);
  record.set_ctime(-4);
  record.set_mtime(1'700'000'000'000);
  record.set_owner(-6);
  record.set_version(-7);
  record.set_creates(2'147'483'647);
  record.set_aversion(-2'147'483'647);
  return record;
}

const std::string key = key_of_node("/a/b");

}  // namespace

TEST_CASE("every field of a znode's record is read as it was written") {
  const std::string value = full_record().SerializeAsString();
  const auto read = decode_node(RecordView(key, value));
  REQUIRE(read);
  CHECK(read->path == "/a/b");
  CHECK(read->data == std::string_view("da\0ta", 5));
  REQUIRE(read->acl);
  CHECK(*read->acl == std::vector<Acl>{{-1, {"world", std::nullopt}}});
  const Znode& node = read->node;
  CHECK(node.kind == NodeKind::ephemeral);
  CHECK(node.czxid == Zxid{1});
  CHECK(node.mzxid == Zxid{1LL << 40U});
  CHECK(node.pzxid() == Zxid{3});
  CHECK(node.ctime == -4);
  CHECK(node.mtime == 1'700'000'000'000);
  CHECK(node.owner() == SessionId{-6});
  CHECK(node.version == -7);
  CHECK(node.creates() == 2'147'483'647);
  CHECK(node.aversion() == -2'147'483'647);
}

TEST_CASE("fields of a later release are passed over") {
  const std::string later =
      std::string("\xf8\x07\x01", 3) + std::string("\xfa\x07\x02zz", 5);  // 127: a number; 127: two bytes
  const std::string value = later + full_record().SerializeAsString() + later;
  const auto read = decode_node(RecordView(key, value));
  REQUIRE(read);
  CHECK(read->node.creates() == 2'147'483'647);
}

TEST_CASE("a znode's record that is cut or changed is never read as more than Protobuf would") {
  const std::string whole = full_record().SerializeAsString();
  const auto by_protobuf = [](const std::string& bytes) {
    proto::ZnodeRecord record;
    return record.ParseFromString(bytes) && record.kind() >= proto::ZnodeRecord::PERSISTENT &&
           record.kind() <= proto::ZnodeRecord::CONTAINER;
  };
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string front = whole.substr(0, size);
    CHECK(decode_node(RecordView(key, front)).has_value() == by_protobuf(front));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      if (decode_node(RecordView(key, changed))) CHECK(by_protobuf(changed));
    }
  }
}

}  // namespace muster::tree
