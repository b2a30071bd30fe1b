// What decides how a server goes on, as bytes: two servers with the same bytes answer the same inputs alike. For whoever walks
// through all that an ensemble can do (tests/exhaustive), and has to know where it has been.
//
// Not in it: the time, the random generator, tickets, and which link is which (only whether one is the present one). Of a
// time-out it shows whether it has passed, not what is left of it: that suits a driver whose clock stands still between
// steps that let every time-out pass.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "server/broadcast/core.h"
#include "server/broadcast/following.h"
#include "server/broadcast/leading.h"
#include "server/broadcast/looking.h"

namespace muster::broadcast {

class Fingerprint {
 public:
  // Of values.
  template <class... Values>
  void put(const Values&... values) {
    (one(values), ...);
  }
  // Of a server.
  void put_server(const Core& core, const std::variant<Looking, Following, Leading>& role);

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  template <class Number>
  std::enable_if_t<std::is_integral_v<Number> || std::is_enum_v<Number>> one(Number number) {
    const auto value = static_cast<std::uint64_t>(number);
    for (unsigned shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>(value >> shift));
  }
  template <class Tag, class Rep>
  void one(Id<Tag, Rep> id) {
    one(id.value);
  }
  void one(const std::string& text) {
    one(text.size());
    bytes_ += text;
  }
  void one(const SharedBytes& bytes) { one(std::string(bytes.view())); }
  template <class T>
  void one(const std::optional<T>& value) {
    one(value.has_value());
    if (value) one(*value);
  }
  template <class A, class B>
  void one(const std::pair<A, B>& pair) {
    put(pair.first, pair.second);
  }
  template <class Range>
  void all(const Range& values) {
    one(values.size());
    for (const auto& value : values) one(value);
  }
  template <class T>
  void one(const std::vector<T>& values) {
    all(values);
  }
  template <class T>
  void one(const std::deque<T>& values) {
    all(values);
  }
  template <class Key, class T>
  void one(const std::map<Key, T>& values) {
    all(values);
  }

  void one(const ForwardId& id) { put(id.origin, id.boot, id.n); }
  void one(const Entry& e) { put(e.epoch, e.zxid, e.kind, e.semantics, e.forward, e.payload); }
  void one(const HardState& hard) { put(hard.epoch, hard.vote, hard.qualified, hard.no_vote_through); }
  void one(const Member& member) { put(member.id, member.voter); }
  void one(const Membership& membership) { one(membership.members); }
  void one(const EpochStart& start) { put(start.epoch, start.first); }
  void one(const Persist& persist);
  void one(const Fetch& fetch) { put(fetch.from, fetch.to, fetch.max_bytes); }

  void one(const Message& message);
  void one(const Hello& m) {
    put(m.boot, m.cluster_id, m.qualified, m.empty, m.last, m.last_epoch, m.state_lost);
  }
  void one(const VoteRequest& m) { put(m.pre, m.founding, m.transfer, m.standing_for, m.last, m.last_epoch); }
  void one(const VoteReply& m) { put(m.pre, m.standing_for, m.granted); }
  void one(const Append& m) {
    put(m.prev, m.prev_epoch, m.entries, m.commit, m.beat, m.established, m.disks);
  }
  void one(const AppendReply& m) { put(m.accepted, m.durable, m.hint_epoch, m.beat, m.counts, m.disk); }
  void one(const Welcome& m) { put(m.boot, m.last_n); }
  void one(const Forward& m) { put(m.boot, m.n, m.commands); }
  void one(const BarrierRequest& m) { one(m.id); }
  void one(const BarrierReply& m) { put(m.id, m.zxid); }
  void one(const StandNow&) {}

  // Parts of a server. Which link an envelope is for shows only as whether it is the present one.
  void log(const Core& core);
  void outbox(const Core& core);
  void envelopes(const Core& core, const std::vector<Envelope>& envelopes);
  void links(const Core& core);
  void waiting(const Core& core);
  void role(const Core& core, const Looking& looking);
  void role(const Core& core, const Following& following);
  void role(const Core& core, const Leading& leading);
  void progress(const Core& core, const Progress& progress);

  std::string bytes_;
};

}  // namespace muster::broadcast
