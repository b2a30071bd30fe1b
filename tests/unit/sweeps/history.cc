#include "tests/unit/sweeps/history.h"

#include "common/check.h"
#include "server/broadcast/recovery.h"
#include "server/node/start.h"

namespace muster::sweeps {
namespace {

broadcast::Founding founding() {
  broadcast::Founding made{History::cluster_id, std::string(32, 's'), {}};
  for (int id = 1; id <= 3; ++id) made.membership.members.push_back({ServerId{id}, true});
  return made;
}

void apply_one(tree::Tree& tree, const broadcast::Entry& entry) {
  if (entry.kind == broadcast::EntryKind::command)
    (void)tree.apply(node::stamp_of(entry), entry.payload.view());
  else
    tree.skip(node::stamp_of(entry));
}

}  // namespace

History::History(std::int64_t entries, std::int64_t epoch_entries, std::size_t data_bytes) {
  tree::Tree tree;
  std::uint64_t n = 0;
  digests_[0] = tree.digest();
  for (std::int64_t zxid = 1; zxid <= entries; ++zxid) {
    broadcast::Entry entry;
    // Every other epoch number is left to leaders whose entries were never agreed on.
    entry.epoch = Epoch{1 + 2 * ((zxid - 1) / epoch_entries)};
    entry.zxid = Zxid{zxid};
    entry.time_ms = 1000 + zxid;
    if (zxid == 1) {
      entry.kind = broadcast::EntryKind::founding;
      entry.payload = SharedBytes(encode(founding()));
      tree.skip(node::stamp_of(entry));
    } else {
      entry.forward = {ServerId{1}, 77, ++n};
      entry.payload = SharedBytes(command(zxid, data_bytes));
      const tree::Outcome outcome = tree.apply(node::stamp_of(entry), entry.payload.view());
      CHECK(outcome.reply.error == ErrorCode::ok, "every entry of the history has an effect");
      if (outcome.session) {
        session_ = outcome.session->session;
        owner_ = outcome.session->owner;
      }
    }
    all_.push_back(std::move(entry));
    digests_.push_back(tree.digest());
  }
}

std::string History::command(std::int64_t zxid, std::size_t data_bytes) const {
  tree::Command command;
  if (zxid == 2) {
    command.operation = tree::OpenSession{ServerId{1}, 5000, 0};
    return encode(command);
  }
  command.session = session_;
  command.owner = owner_;
  command.xid = Xid{static_cast<std::int32_t>(zxid)};
  command.identities = {{"ip", "127.0.0.1"}};
  std::string data = std::to_string(zxid) + ":";
  data.resize(data_bytes, static_cast<char>('a' + zxid % 26));
  if (zxid % 3 == 1) {
    command.operation = wire::SetDataRequest{"/n" + std::to_string(zxid - 1), data, -1};
  } else if (zxid % 12 == 11) {
    command.operation = wire::DeleteRequest{"/n" + std::to_string(zxid - 8), -1};
  } else {
    wire::CreateRequest create;
    create.path = "/n" + std::to_string(zxid);
    create.data = data;
    create.acl = open_acl();
    command.operation = create;
  }
  return encode(command);
}

Entries History::entries(std::int64_t from, std::int64_t to) const {
  return {all_.begin() + (from - 1), all_.begin() + to};
}

Entries History::stray(std::int64_t keep, std::int64_t count) const {
  Entries made = entries(keep + 1, keep + count);
  for (broadcast::Entry& entry : made) {
    entry.epoch = Epoch{epoch_of(keep).value + 1};
    entry.payload = SharedBytes("stray " + std::to_string(entry.zxid.value) + std::string(150, 's'));
  }
  return made;
}

void History::apply(tree::Tree& tree, std::int64_t through) const {
  for (std::int64_t zxid = tree.applied().value + 1; zxid <= through; ++zxid)
    apply_one(tree, all_[static_cast<std::size_t>(zxid - 1)]);
}

tree::Tree History::tree_at(std::int64_t zxid) const {
  tree::Tree tree;
  apply(tree, zxid);
  return tree;
}

node::Meta History::meta_at(std::int64_t zxid, std::uint64_t number) const {
  broadcast::Recovery recovery(broadcast::HardState{});
  for (const broadcast::Entry& entry : entries(1, zxid)) (void)recovery.delivered(entry);
  broadcast::Recovered recovered = recovery.take();
  node::Meta meta;
  meta.number = number;
  meta.base.zxid = Zxid{zxid};
  meta.base.epoch = epoch_of(zxid);
  meta.base.founding = *recovered.founding;
  meta.base.membership = *recovered.membership;
  meta.base.membership_set = recovered.membership_set;
  meta.base.origins = recovered.origins;
  meta.base.epochs = recovered.epochs;
  meta.digest = digest_at(zxid);
  return meta;
}

}  // namespace muster::sweeps
