#include "tests/fuzz/messages.h"

#include <string>
#include <utility>

#include "server/tree/command.h"
#include "tests/fuzz/requests.h"

namespace muster::fuzz {
namespace {

namespace b = broadcast;

class Speaker {
 public:
  Speaker(Input& input, const node::Node& to) : input_(input), to_(to) {}

  node::PeerMessage message() {
    const std::size_t kind = input_.pick(14);
    if (kind == 12) return report();
    if (kind == 13) return node::TouchConfirm{input_.number(1)};
    b::Message message;
    message.epoch = epoch();
    switch (kind) {
      case 0:
        message.body = b::Hello{boot(), cluster_id(), input_.flag(), input_.flag(), zxid(), epoch(), {}};
        break;
      case 1:
        message.body = b::VoteRequest{input_.flag(), input_.flag(), input_.flag(), epoch(), zxid(), epoch()};
        break;
      case 2:
        message.body = b::VoteReply{input_.flag(), epoch(), input_.flag()};
        break;
      case 3:
      case 4:
        message.body = append();
        break;
      case 5:
      case 6:
        message.body = append_reply();
        break;
      case 7:
        message.body = b::Welcome{boot(), input_.number(1)};
        break;
      case 8:
        message.body = forward();
        break;
      case 9:
        message.body = b::BarrierRequest{input_.number(1)};
        break;
      case 10:
        message.body = b::BarrierReply{input_.number(1), zxid()};
        break;
      default:
        message.body = b::StandNow{};
    }
    return message;
  }

 private:
  Epoch epoch() {
    const Epoch present = to_.peer().hard_state().epoch;
    switch (input_.pick(8)) {
      case 0:
        return Epoch{};
      case 1:
        return present.next();
      case 2:
        return Epoch{static_cast<std::int64_t>(input_.byte())};
      case 3:
        return Epoch{static_cast<std::int64_t>(input_.number(8))};
      default:
        return present;
    }
  }
  Zxid zxid() {
    switch (input_.pick(8)) {
      case 0:
        return Zxid{static_cast<std::int64_t>(input_.byte())};
      case 1:
        return Zxid{static_cast<std::int64_t>(input_.number(8))};
      case 2:
        return to_.peer().last().next();
      case 3:
        return to_.peer().committed();
      case 4:
        return to_.peer().delivered();
      case 5:
        return to_.peer().durable();
      default:
        return to_.peer().last();
    }
  }
  std::uint64_t boot() { return input_.pick(5); }  // those of the servers are their ids
  std::string cluster_id() {
    const auto& founding = to_.peer().founding();
    switch (input_.pick(4)) {
      case 0:
        return "";
      case 1:
        return input_.text();
      default:
        return founding ? founding->cluster_id : "";
    }
  }

  b::Membership membership() {
    b::Membership membership;
    for (int id = 1; id <= 4; ++id) {
      const std::size_t what = input_.pick(4);
      if (what != 0) membership.members.push_back({ServerId{id}, what != 1});
    }
    return membership;
  }

  SharedBytes command() {
    if (input_.pick(8) == 0) return SharedBytes(input_.text());
    tree::Command command;
    const auto sessions = to_.tree().sessions();
    if (!sessions.empty() && input_.pick(4) != 0) {
      const auto& session = sessions[input_.pick(sessions.size())];
      command.session = session.id;
      command.owner = session.owner;
    }
    command.xid = Xid{static_cast<std::int32_t>(input_.byte())};
    command.identities = {{"world", "anyone"}};
    command.operation = operation(input_);
    return SharedBytes(tree::encode(command));
  }

  // No input of its own: what the corpus holds means what it meant.
  static b::Disk disk(std::uint64_t beat) { return static_cast<b::Disk>(beat % 4); }

  b::AppendReply append_reply() {
    b::AppendReply reply{input_.flag(), zxid(), epoch(), input_.number(1), input_.flag()};
    reply.disk = disk(reply.beat);
    return reply;
  }

  b::Append append() {
    b::Append append;
    append.prev = zxid();
    append.prev_epoch = epoch();
    append.commit = zxid();
    append.beat = input_.number(1);
    append.established = input_.flag();
    append.disks = disk(append.beat);
    Zxid next = append.prev;
    for (std::size_t left = input_.pick(4); left > 0; --left) {
      next = input_.pick(16) == 0
                 ? zxid()
                 : Zxid{static_cast<std::int64_t>(static_cast<std::uint64_t>(next.value) + 1)};
      append.entries.push_back(entry(next));
    }
    return append;
  }
  b::Entry entry(Zxid zxid) {
    b::Entry entry;
    entry.epoch = epoch();
    entry.zxid = zxid;
    entry.time_ms = static_cast<std::int64_t>(input_.number(1));
    if (input_.pick(16) == 0) entry.semantics = static_cast<std::uint32_t>(input_.number(4));
    switch (input_.pick(8)) {
      case 0:
        entry.kind = b::EntryKind::epoch_start;
        break;
      case 1:
        entry.kind = b::EntryKind::founding;
        entry.payload = SharedBytes(encode(b::Founding{cluster_id(), input_.text(), membership()}));
        break;
      case 2:
        entry.kind = b::EntryKind::membership;
        entry.payload = SharedBytes(encode(membership()));
        break;
      default:
        entry.forward = {ServerId{static_cast<std::int32_t>(input_.pick(4))}, boot(), input_.number(1)};
        entry.payload = command();
    }
    return entry;
  }

  b::Forward forward() {
    b::Forward forward{boot(), input_.number(1), {}};
    for (std::size_t left = input_.pick(4); left > 0; --left) forward.commands.push_back(command());
    return forward;
  }

  node::TouchReport report() {
    node::TouchReport report{input_.number(1), {}};
    for (const auto& session : to_.tree().sessions()) report.sessions.push_back(session.id);
    if (input_.flag()) report.sessions.push_back(SessionId{static_cast<std::int64_t>(input_.number(8))});
    return report;
  }

  Input& input_;
  const node::Node& to_;
};

}  // namespace

node::PeerMessage message(Input& input, const node::Node& to) { return Speaker(input, to).message(); }

}  // namespace muster::fuzz
