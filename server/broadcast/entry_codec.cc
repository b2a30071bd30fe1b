#include "server/broadcast/entry_codec.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "common/proto_wire.h"
#include "proto/entry.pb.h"

namespace muster::broadcast {
namespace {

void fill(const Membership& from, proto::Membership& to) {
  for (const Member& member : from.members) {
    auto* added = to.add_members();
    added->set_id(member.id.value);
    added->set_voter(member.voter);
  }
}

bool fill(const proto::Membership& from, Membership& to) {
  to.members.clear();
  for (const auto& member : from.members()) {
    const ServerId id{member.id()};
    if (id.value < 1 || id.value > 254) return false;
    if (!to.members.empty() && !(to.members.back().id < id)) return false;
    to.members.push_back(Member{id, member.voter()});
  }
  return to.voters() > 0;
}

using Field = proto::Entry;

bool is_kind(std::uint64_t kind) { return kind >= Field::COMMAND && kind <= Field::MEMBERSHIP; }

}  // namespace

std::string encode(const Founding& founding) {
  proto::Founding bytes;
  bytes.set_cluster_id(founding.cluster_id);
  bytes.set_secret(founding.secret);
  fill(founding.membership, *bytes.mutable_membership());
  return bytes.SerializeAsString();
}

bool decode(std::string_view bytes, Founding& founding) {
  proto::Founding parsed;
  if (bytes.size() > std::numeric_limits<int>::max() ||
      !parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return false;
  founding.cluster_id = parsed.cluster_id();
  founding.secret = parsed.secret();
  return !founding.cluster_id.empty() && fill(parsed.membership(), founding.membership);
}

std::string encode(const Membership& membership) {
  proto::Membership bytes;
  fill(membership, bytes);
  return bytes.SerializeAsString();
}

bool decode(std::string_view bytes, Membership& membership) {
  proto::Membership parsed;
  return bytes.size() <= std::numeric_limits<int>::max() &&
         parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && fill(parsed, membership);
}

// Entries and their commands are what every write passes through, on every server: they are read and written by hand.
void append_encoded(std::string& out, const Entry& entry) {
  namespace w = proto_wire;
  w::put_number(out, Field::kEpochFieldNumber, entry.epoch.value);
  w::put_number(out, Field::kZxidFieldNumber, entry.zxid.value);
  w::put_number(out, Field::kKindFieldNumber, static_cast<std::uint64_t>(entry.kind));
  w::put_number(out, Field::kTimeMsFieldNumber, entry.time_ms);
  w::put_number(out, Field::kSemanticsFieldNumber, std::uint64_t{entry.semantics});
  w::put_number(out, Field::kOriginFieldNumber, std::int64_t{entry.forward.origin.value});
  w::put_fixed64(out, Field::kBootFieldNumber, entry.forward.boot);
  w::put_number(out, Field::kNFieldNumber, entry.forward.n);
  if (!entry.payload.empty()) w::put_bytes(out, Field::kPayloadFieldNumber, entry.payload.view());
}

Result<EntryView> view_entry(std::string_view bytes) {
  proto_wire::Reader reader(bytes);
  EntryView view;
  Entry& entry = view.entry;
  std::uint64_t kind = 0;
  entry.semantics = 0;
  while (reader.next()) {
    switch (reader.field()) {
      case Field::kEpochFieldNumber:
        entry.epoch = Epoch{static_cast<std::int64_t>(reader.number())};
        break;
      case Field::kZxidFieldNumber:
        entry.zxid = Zxid{static_cast<std::int64_t>(reader.number())};
        break;
      case Field::kKindFieldNumber:
        kind = reader.number();
        break;
      case Field::kTimeMsFieldNumber:
        entry.time_ms = static_cast<std::int64_t>(reader.number());
        break;
      case Field::kSemanticsFieldNumber:
        entry.semantics = static_cast<std::uint32_t>(reader.number());
        break;
      case Field::kOriginFieldNumber:
        entry.forward.origin = ServerId{static_cast<std::int32_t>(reader.number())};
        break;
      case Field::kBootFieldNumber:
        entry.forward.boot = reader.fixed64();
        break;
      case Field::kNFieldNumber:
        entry.forward.n = reader.number();
        break;
      case Field::kPayloadFieldNumber:
        view.payload = reader.bytes();
        break;
    }
  }
  if (!reader.ok()) return Error{"these bytes are not an entry of the log"};
  if (!is_kind(kind)) return Error{"an entry of a kind that this version does not know"};
  if (entry.zxid < Zxid{1} || entry.epoch < Epoch{1}) return Error{"an entry without zxid or epoch"};
  entry.kind = static_cast<EntryKind>(kind);
  return view;
}

Result<Entry> decode_entry(std::string_view bytes) {
  auto view = view_entry(bytes);
  if (!view) return view.error();
  view->entry.payload = SharedBytes(view->payload);
  return std::move(view->entry);
}

}  // namespace muster::broadcast
