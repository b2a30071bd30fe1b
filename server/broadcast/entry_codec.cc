#include "server/broadcast/entry_codec.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "common/proto_wire.h"
#include "proto/entry.pb.h"

namespace muster::broadcast {
namespace {

namespace w = proto_wire;

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
namespace {

// All of an entry but the payload's bytes.
class Head {
 public:
  explicit Head(const Entry& entry) {
    put(Field::kEpochFieldNumber, static_cast<std::uint64_t>(entry.epoch.value));
    put(Field::kZxidFieldNumber, static_cast<std::uint64_t>(entry.zxid.value));
    put(Field::kKindFieldNumber, static_cast<std::uint64_t>(entry.kind));
    put(Field::kTimeMsFieldNumber, static_cast<std::uint64_t>(entry.time_ms));
    put(Field::kSemanticsFieldNumber, entry.semantics);
    put(Field::kOriginFieldNumber, static_cast<std::uint64_t>(std::int64_t{entry.forward.origin.value}));
    if (entry.forward.boot != 0) {
      end_ = w::write_tag(end_, Field::kBootFieldNumber, w::Type::fixed64);
      write_le(end_, entry.forward.boot);
      end_ += sizeof entry.forward.boot;
    }
    put(Field::kNFieldNumber, entry.forward.n);
    if (entry.payload.empty()) return;
    end_ = w::write_tag(end_, Field::kPayloadFieldNumber, w::Type::bytes);
    end_ = w::write_varint(end_, entry.payload.size());
  }
  [[nodiscard]] std::string_view bytes() const { return {bytes_, static_cast<std::size_t>(end_ - bytes_)}; }

 private:
  static constexpr std::size_t fields = 9, most_of_a_field = 1 + 10;

  void put(int field, std::uint64_t number) {
    if (number == 0) return;
    end_ = w::write_varint(w::write_tag(end_, field, w::Type::varint), number);
  }

  char bytes_[fields * most_of_a_field];
  char* end_ = bytes_;
};

}  // namespace

void append_encoded(std::string& out, const Entry& entry) {
  const Head head(entry);
  out.append(head.bytes()).append(entry.payload.view());
}

void append_field(std::string& out, int field, const Entry& entry) {
  const Head head(entry);
  char front[2 * w::max_varint_bytes];
  char* end = w::write_tag(front, field, w::Type::bytes);
  end = w::write_varint(end, head.bytes().size() + entry.payload.size());
  out.append(front, static_cast<std::size_t>(end - front)).append(head.bytes()).append(entry.payload.view());
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
