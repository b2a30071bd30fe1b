#include "server/broadcast/entry_codec.h"

#include <limits>

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

bool is_kind(int kind) { return kind >= proto::Entry::COMMAND && kind <= proto::Entry::MEMBERSHIP; }

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

void append_encoded(std::string& out, const Entry& entry) {
  // One per thread, so that its buffers serve again.
  thread_local proto::Entry bytes;
  bytes.Clear();
  bytes.set_epoch(entry.epoch.value);
  bytes.set_zxid(entry.zxid.value);
  bytes.set_kind(static_cast<proto::Entry::Kind>(entry.kind));
  bytes.set_time_ms(entry.time_ms);
  bytes.set_semantics(entry.semantics);
  bytes.set_origin(entry.forward.origin.value);
  bytes.set_boot(entry.forward.boot);
  bytes.set_n(entry.forward.n);
  const std::string_view payload = entry.payload.view();
  bytes.set_payload(payload.data(), payload.size());
  bytes.AppendToString(&out);
}

Result<Entry> decode_entry(std::string_view bytes) {
  thread_local proto::Entry parsed;
  if (bytes.size() > std::numeric_limits<int>::max() ||
      !parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error{"these bytes are not an entry of the log"};
  if (!is_kind(parsed.kind())) return Error{"an entry of a kind that this version does not know"};
  if (parsed.zxid() < 1 || parsed.epoch() < 1) return Error{"an entry without zxid or epoch"};
  Entry entry;
  entry.epoch = Epoch{parsed.epoch()};
  entry.zxid = Zxid{parsed.zxid()};
  entry.kind = static_cast<EntryKind>(parsed.kind());
  entry.time_ms = parsed.time_ms();
  entry.semantics = parsed.semantics();
  entry.forward = ForwardId{ServerId{parsed.origin()}, parsed.boot(), parsed.n()};
  if (!parsed.payload().empty()) entry.payload = SharedBytes(std::move(*parsed.mutable_payload()));
  return entry;
}

}  // namespace muster::broadcast
