// What every role shares: the durable state, the log, the links and the way out. Roles are handed it; they
// hold only what is theirs.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "server/broadcast/barriers.h"
#include "server/broadcast/base.h"
#include "server/broadcast/forwarder.h"
#include "server/broadcast/history.h"
#include "server/broadcast/origins.h"
#include "server/broadcast/outbox.h"
#include "server/broadcast/peer.h"

namespace muster::broadcast {

// How soon a server that looks for a leader asks for votes.
enum class Pace : std::uint8_t {
  at_once,  // the leader asked it to stand: even without a pre-vote
  soon,     // the link to the leader broke: after a random wait up to stagger_ms
  patient,  // someone else may be about to lead
};

// What a handler wants its peer to become: a role never becomes another by itself.
struct Next {
  enum class Step : std::uint8_t { stay, look, lead };
  Step step = Step::stay;
  Pace pace = Pace::patient;  // of look
  bool founding = false;      // of lead: the log is empty and its first entry has to be made
  [[nodiscard]] static Next stay() { return {}; }
  [[nodiscard]] static Next look(Pace pace) { return {Step::look, pace, false}; }
  [[nodiscard]] static Next lead(bool founding) { return {Step::lead, Pace::patient, founding}; }
};

struct Link {
  LinkId id = 0;
  std::optional<Hello> hello;  // nothing but it counts before it
};

struct Core {
  Core(const PeerConfig& config, Recovered recovered, Random random);

  // The log. Entries enter and leave it here only, so that membership, founding and disk always agree with
  // it.
  void append(const Entry& entry);
  void truncate_after(Zxid zxid);
  void commit(Zxid zxid);
  void deliver(Ready& ready);                      // hands out what is committed
  void note_content(const Entry& entry);           // of kinds that change what the core knows
  [[nodiscard]] std::optional<Base> base() const;  // as of what is delivered

  // Epoch and vote.
  void adopt(Epoch epoch);  // a greater one; no vote in it yet
  void write_hard_state() { outbox.write(hard); }
  void note_epoch(ServerId from, Epoch epoch);
  [[nodiscard]] bool blank() const {
    return !hard.qualified && history.last() == Zxid{} && config.cluster_id.empty();
  }
  // Its acknowledgements count and it votes. What is durable decides.
  [[nodiscard]] bool counts() const;

  [[nodiscard]] std::optional<Fetch> take_fetch();

  // Lets the log go below the checkpoints, but not above `needed`.
  void purge(Zxid needed);

  // Membership: the newest in the log, committed or not.
  [[nodiscard]] const Membership& membership() const { return memberships.back().second; }
  [[nodiscard]] bool is_voter() const { return membership().is_voter(config.self); }
  [[nodiscard]] bool may_stand() const { return is_voter() && hard.qualified && !stateless; }

  // Links. A usable one has said Hello and belongs to the same ensemble.
  [[nodiscard]] const Link* usable(ServerId peer) const;
  [[nodiscard]] bool foreign(const Link& link) const;
  [[nodiscard]] const std::string& cluster_id() const {
    return founding ? founding->cluster_id : config.cluster_id;
  }
  void say_hello(ServerId peer);
  template <class Body>
  void send(ServerId to, Body body) {
    if (const Link* link = usable(to))
      outbox.send(Envelope{to, link->id, Message{hard.epoch, std::move(body)}});
  }
  template <class Body>
  void send_once_durable(ServerId to, Body body) {
    if (const Link* link = usable(to))
      outbox.send_once_durable(Envelope{to, link->id, Message{hard.epoch, std::move(body)}});
  }

  PeerConfig config;
  Random random;
  Now now;
  HardState hard;  // the newest, durable or not
  History history;
  Outbox outbox;
  Origins origins;  // as of what is delivered
  Forwarder forwarder;
  Barriers barriers;
  Zxid committed, delivered;
  Disk disk = Disk::well;        // this server's
  bool stateless;                // it lost the state below its log: it neither stands nor serves
  Zxid state_at_least;           // what it must be given then
  std::deque<Zxid> checkpoints;  // durable, in order; the last max_kept_checkpoints of them
  std::optional<Founding> founding;
  std::vector<std::pair<Zxid, Membership>>
      memberships;  // by the zxid that set them; the first is always there
  std::map<ServerId, Link> links;
  std::map<ServerId, Epoch> heard_epochs;  // since the start
  // Who takes our forwards: what was sent over that link arrives in order as long as that epoch and that link
  // last, even if we looked for another leader for a moment.
  struct WelcomedBy {
    ServerId leader;
    Epoch epoch;
    LinkId link = 0;
    friend bool operator==(const WelcomedBy&, const WelcomedBy&) = default;
  };
  std::optional<WelcomedBy> welcomed_by;
  Epoch founding_vote;  // the epoch in which this process voted for a founder; 0: none
  struct {
    std::optional<Fetch> wanted;  // not yet handed out
    Ticket ticket = 0;            // in flight; 0: none
    Ticket last = 0;
  } fetch;
};

}  // namespace muster::broadcast
