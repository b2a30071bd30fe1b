// The only file that knows both Meta and its bytes (proto/state.proto).
#include <limits>

#include "proto/state.pb.h"
#include "server/node/checkpoint.h"

namespace muster::node {
namespace {

namespace b = broadcast;

void fill(proto::Membership& out, const b::Membership& membership) {
  for (const b::Member& member : membership.members) {
    proto::Member& to = *out.add_members();
    to.set_id(member.id.value);
    to.set_voter(member.voter);
  }
}

b::Membership read(const proto::Membership& from) {
  b::Membership membership;
  for (const proto::Member& member : from.members())
    membership.members.push_back({ServerId{member.id()}, member.voter()});
  return membership;
}

// What the core takes for granted of a base.
bool is_sound(const Meta& meta) {
  const b::Base& base = meta.base;
  if (meta.number == 0 || base.zxid.value < 1 || base.epoch.value < 1 || base.founding.cluster_id.empty())
    return false;
  if (base.membership.voters() == 0 || base.epochs.empty() || base.epochs.back().epoch != base.epoch)
    return false;
  for (std::size_t i = 0; i < base.epochs.size(); ++i) {
    if (base.epochs[i].first.value < 1 || base.epochs[i].first > base.zxid) return false;
    if (i > 0 && (base.epochs[i].first <= base.epochs[i - 1].first ||
                  base.epochs[i].epoch <= base.epochs[i - 1].epoch))
      return false;
  }
  for (std::size_t i = 1; i < base.origins.size(); ++i)
    if (!(base.origins[i - 1].origin < base.origins[i].origin)) return false;
  return true;
}

}  // namespace

std::string encode(const Meta& meta) {
  proto::Checkpoint out;
  const b::Base& base = meta.base;
  out.set_number(meta.number);
  out.set_zxid(base.zxid.value);
  out.set_epoch(base.epoch.value);
  out.set_digest(meta.digest);
  out.set_semantics(meta.semantics);
  out.mutable_founding()->set_cluster_id(base.founding.cluster_id);
  out.mutable_founding()->set_secret(base.founding.secret);
  fill(*out.mutable_founding()->mutable_membership(), base.founding.membership);
  fill(*out.mutable_membership(), base.membership);
  out.set_membership_set(base.membership_set.value);
  for (const b::ForwardId& origin : base.origins) {
    proto::Origin& to = *out.add_origins();
    to.set_server(origin.origin.value);
    to.set_boot(origin.boot);
    to.set_n(origin.n);
  }
  for (const b::EpochStart& epoch : base.epochs) {
    proto::EpochStart& to = *out.add_epochs();
    to.set_epoch(epoch.epoch.value);
    to.set_first(epoch.first.value);
  }
  return out.SerializeAsString();
}

Result<Meta> decode_meta(std::string_view bytes) {
  proto::Checkpoint from;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error{"what the store says of its checkpoint is not what proto/state.proto says"};
  Meta meta;
  meta.number = from.number();
  meta.digest = from.digest();
  meta.semantics = from.semantics();
  b::Base& base = meta.base;
  base.zxid = Zxid{from.zxid()};
  base.epoch = Epoch{from.epoch()};
  base.founding = {from.founding().cluster_id(), from.founding().secret(),
                   read(from.founding().membership())};
  base.membership = read(from.membership());
  base.membership_set = Zxid{from.membership_set()};
  for (const proto::Origin& origin : from.origins())
    base.origins.push_back({ServerId{origin.server()}, origin.boot(), origin.n()});
  for (const proto::EpochStart& epoch : from.epochs())
    base.epochs.push_back({Epoch{epoch.epoch()}, Zxid{epoch.first()}});
  if (!is_sound(meta)) return Error{"what the store says of its checkpoint can't be"};
  return meta;
}

}  // namespace muster::node
