#include "server/broadcast/describe.h"

#include <cctype>

namespace muster::broadcast {
namespace {

constexpr std::size_t longest_text = 24;

template <class T>
std::string number(T id) {
  return std::to_string(id.value);
}

std::string yes(bool value, const char* word) { return value ? std::string(" ") + word : std::string(); }

// Payloads are bytes; short printable ones are shown as they are.
std::string text(const SharedBytes& bytes) {
  const std::string_view view = bytes.view();
  if (view.size() > longest_text) return std::to_string(view.size()) + " bytes";
  for (const char c : view) {
    if (std::isprint(static_cast<unsigned char>(c)) == 0) return std::to_string(view.size()) + " bytes";
  }
  return "'" + std::string(view) + "'";
}

std::string at(Zxid zxid, Epoch epoch) { return number(zxid) + ":" + number(epoch); }

std::string body(const Hello& m) {
  return "hello last " + at(m.last, m.last_epoch) + yes(m.empty, "empty") + yes(!m.qualified, "unqualified") +
         (m.state_lost ? " state-lost " + number(*m.state_lost) : "");
}
std::string body(const VoteRequest& m) {
  return std::string(m.pre ? "pre-vote-request" : "vote-request") + yes(m.founding, "founding") +
         yes(m.transfer, "transfer") + " for epoch " + number(m.standing_for) + " last " +
         at(m.last, m.last_epoch);
}
std::string body(const VoteReply& m) {
  return std::string(m.pre ? "pre-vote" : "vote") + (m.granted ? " granted" : " refused") + " for epoch " +
         number(m.standing_for);
}
std::string body(const Append& m) {
  std::string out = "append after " + at(m.prev, m.prev_epoch);
  if (!m.entries.empty())
    out += " entries " + number(m.entries.front().zxid) + ".." + number(m.entries.back().zxid);
  return out + " commit " + number(m.commit) + " beat " + std::to_string(m.beat) +
         yes(m.established, "established") + unwell("quorum", m.disks);
}
std::string body(const AppendReply& m) {
  std::string out = m.accepted ? "ack " + number(m.durable) : "reject hint " + at(m.durable, m.hint_epoch);
  return out + " beat " + std::to_string(m.beat) + yes(!m.counts, "not-counted") + unwell("disk", m.disk);
}
std::string body(const Welcome& m) { return "welcome last n " + std::to_string(m.last_n); }
std::string body(const Forward& m) {
  return "forward n " + std::to_string(m.n) + ".." + std::to_string(m.n + m.commands.size() - 1);
}
std::string body(const BarrierRequest& m) { return "barrier-request " + std::to_string(m.id); }
std::string body(const BarrierReply& m) {
  return "barrier-reply " + std::to_string(m.id) + " zxid " + number(m.zxid);
}
std::string body(const StandNow&) { return "stand-now"; }

}  // namespace

const char* name_of(Disk disk) {
  switch (disk) {
    case Disk::absent:
      return "absent";
    case Disk::full:
      return "full";
    case Disk::stalled:
      return "stalled";
    case Disk::well:
      break;
  }
  return "well";
}

std::string unwell(const char* whose, Disk disk) {
  const bool said = disk == Disk::full || disk == Disk::stalled;
  return said ? std::string(" ") + whose + " " + name_of(disk) : std::string();
}

std::string describe(const Entry& entry) {
  std::string where = at(entry.zxid, entry.epoch);
  switch (entry.kind) {
    case EntryKind::command:
      return where + " command " + number(entry.forward.origin) + "/" + std::to_string(entry.forward.n) +
             " " + text(entry.payload);
    case EntryKind::epoch_start:
      return where + " epoch-start";
    case EntryKind::founding:
      return where + " founding";
    case EntryKind::membership:
      return where + " membership";
  }
  return where;
}

std::string describe(const HardState& hard_state) {
  std::string out = "epoch " + number(hard_state.epoch) + " vote " + number(hard_state.vote);
  out += hard_state.qualified ? "" : " unqualified";
  if (hard_state.no_vote_through > Epoch{}) out += " no-vote-through " + number(hard_state.no_vote_through);
  return out;
}

std::string describe(const Membership& membership) {
  std::string out;
  for (const Member& member : membership.members) {
    if (!out.empty()) out += " ";
    out += number(member.id) + (member.voter ? "" : "(observer)");
  }
  return out;
}

std::string describe(const Message& message) {
  return "epoch " + number(message.epoch) + " " +
         std::visit([](const auto& m) { return body(m); }, message.body);
}

std::string describe(const Persist& persist) {
  std::string out = "persist #" + std::to_string(persist.ticket);
  if (persist.truncate_after) out += " truncate after " + number(*persist.truncate_after);
  if (!persist.append.empty()) {
    out += " append " + number(persist.append.front().zxid) + ".." + number(persist.append.back().zxid);
  }
  if (persist.hard_state) out += " " + describe(*persist.hard_state);
  if (persist.purge_through) out += " purge through " + number(*persist.purge_through);
  return out + " committed " + number(persist.committed);
}

std::string describe(const Delivery& delivery) {
  return describe(delivery.entry) + (delivery.accepted ? "" : " out of order");
}

std::string describe(const RoleChange& change) {
  switch (change.role) {
    case Role::looking:
      return "looking epoch " + number(change.epoch);
    case Role::following:
      return "following " + number(change.leader) + " epoch " + number(change.epoch);
    case Role::leading:
      return "leading epoch " + number(change.epoch);
  }
  return {};
}

}  // namespace muster::broadcast
