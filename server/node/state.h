// Everything that a server knows, in the order in which it comes to be. node.cc holds the loop; serve.cc what
// clients ask; liveness.cc what the ticks bring; status.cc and words.cc what people see.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "server/broadcast/peer.h"
#include "server/frontend/connection.h"
#include "server/frontend/expiry.h"
#include "server/frontend/four_letter_words.h"
#include "server/frontend/touches.h"
#include "server/node/backups.h"
#include "server/node/checkpoints.h"
#include "server/node/clients.h"
#include "server/node/digests.h"
#include "server/node/forwards.h"
#include "server/node/node.h"
#include "server/node/start.h"
#include "server/node/state_receiver.h"
#include "server/node/state_sender.h"
#include "server/tree/tree.h"
#include "server/watch/watches.h"

namespace muster::node {

// Where touch reports go; to this server itself over link 0, if it leads.
struct Route {
  ServerId leader;
  broadcast::LinkId link = 0;
  Epoch epoch;
  friend bool operator==(const Route&, const Route&) = default;
};

// What a leader found out about sessions. It has no effect before a quorum has confirmed that this server still led then: a successor
// knows nothing of it.
struct Judgement {
  struct Counted {  // the touches of a report: of a follower over that link, or its own
    ServerId of;
    broadcast::LinkId link = 0;
    std::uint64_t n = 0;
  };
  using Silent = std::vector<tree::ExpireSession>;
  Epoch epoch;
  std::variant<Silent, Counted> what;
};

struct Node::State {
  State(const NodeConfig& node_config, Started started, Random random);

  // node.cc: the loop.
  void drain(Now now, Output& out);
  [[nodiscard]] bool take_ready(Now now, Output& out);  // false: there is nothing
  void apply_committed(Now now);
  void deliver(Now now, const broadcast::Delivery& delivery);
  void notify(const tree::Outcome& outcome, Zxid zxid);
  [[nodiscard]] Waiter whose(const broadcast::Entry& entry);
  void answer(Now now, Waiter waiter, tree::Outcome& outcome);
  void note_session(const tree::SessionEvent& event);
  void barrier_passed(Now now, broadcast::BarrierId id);
  void hand_over(Now now, broadcast::Ready& ready, Output& out);

  // serve.cc: clients.
  void serve(Now now, frontend::Connection& connection);  // the connection may be gone afterwards
  [[nodiscard]] bool step(Now now, frontend::Connection& connection);  // false: nothing more to do, or gone
  void shake(Now now, frontend::Connection& connection);
  void shaken(Now now, frontend::Connection& connection, const tree::Outcome& outcome);
  [[nodiscard]] bool propose(Now now, Waiter waiter, const SharedBytes& command);
  void barrier(Now now, Waiter waiter);
  void retry_stalled(Now now);
  void close(ConnId connection, bool flush);
  void send(ServerId to, broadcast::LinkId link, PeerMessage message);
  void disconnect(SessionId session);
  void close_overflowing();

  // liveness.cc: ticks.
  void tick(Now now);
  void end_handshakes(Now now);
  [[nodiscard]] Route present_route() const;
  void report_touches(Now now);
  [[nodiscard]] std::int64_t report_interval_ms() const;
  void judge_silent(Now now);
  void judge(Now now, std::variant<Judgement::Silent, Judgement::Counted> what);
  void pass_judgement(Now now, broadcast::BarrierId id);
  void expire(Now now, const Judgement::Silent& silent);
  void follow_leadership(Now now);
  void on_touch_report(Now now, ServerId from, broadcast::LinkId link, const TouchReport& report);
  void on_touch_confirm(Now now, ServerId from, broadcast::LinkId link, const TouchConfirm& confirm);
  void count_touches(Now now, ServerId of, broadcast::LinkId link, const TouchReport& report);
  void confirm_touches(Now now, ServerId of, broadcast::LinkId link, const TouchConfirm& confirm);
  void answer_pings(Now now, const frontend::Touches::Counted& counted);
  [[nodiscard]] bool is_current(ServerId from, broadcast::LinkId link) const;

  // disk.cc: the log's disk.
  void judge_disk(Now now);
  void mind_disks(Now now);
  [[nodiscard]] std::optional<DiskNews> disk_news();

  // states.cc: checkpoints, and states that are given to followers.
  void checkpoint_written(Now now, CheckpointTicket ticket, CheckpointResult result);
  void on_state_message(Now now, ServerId from, broadcast::LinkId link, const PeerMessage& message);
  void move_states(Now now, Output& out);
  void back_up(Now now, Waiter who, const std::optional<std::int32_t>& max_bytes);
  void answer_backups(Now now);
  // The leader that this server follows, over the present link to it; leader 0: none.
  [[nodiscard]] StateReceiver::Source leader_link() const;

  // agreement.cc: whether all servers hold the same state.
  void tell_digests(ServerId to);
  void tell_digests(Now now);
  void on_digest_report(ServerId from, broadcast::LinkId link, const DigestReport& report);
  [[nodiscard]] bool agrees(Now now, Output& out);  // false: it is to start again, and says nothing more
  [[nodiscard]] bool serves() const { return judged.finding == DigestFinding::agreed; }

  // status.cc, words.cc: people.
  [[nodiscard]] Status status() const;
  [[nodiscard]] std::string mode() const;
  void note_proposals(const broadcast::Persist& persist);
  [[nodiscard]] std::string answer_word(Now now, std::string_view word);
  [[nodiscard]] frontend::ServerView view(Now now) const;
  void add_clients(Now now, frontend::ServerView& view) const;
  void add_sessions(Now now, frontend::ServerView& view) const;
  void add_watches(frontend::ServerView& view) const;

  [[nodiscard]] frontend::Context context(Now now) { return {settings, tree, watches, counters, now}; }

  NodeConfig config;
  frontend::Settings settings;
  tree::Tree tree;
  std::size_t sessions;  // in the tree
  broadcast::Peer peer;
  Checkpoints checkpoints;
  StateSender sender;
  StateReceiver receiver;
  Backups backups;
  bool restart_told = false;
  Digests digests;
  DigestJudgement judged;  // the last that was found
  std::deque<Zxid>
      unconfirmed;  // our checkpoints: the log below them is kept until a majority has confirmed what they are of
  watch::Watches watches;
  Clients clients;
  std::vector<ConnId> stalled;  // to be served again without new input
  std::deque<std::pair<std::int64_t, ConnId>>
      handshakes;  // deadlines, in order; also of connections that have finished or gone
  Forwards forwards;
  std::map<broadcast::BarrierId, Waiter> barriers;
  broadcast::BarrierId last_barrier = 0;
  std::map<ServerId, broadcast::LinkId> links;
  frontend::Touches touches;
  Route route;  // where unconfirmed reports went; leader 0: nowhere
  std::int64_t last_report_ms = 0;
  std::map<broadcast::BarrierId, Judgement> judgements;
  frontend::Expiry expiry;  // runs exactly while this server leads and is established
  Epoch expiry_epoch;       // in which it was started
  // What was committed and is not applied yet.
  std::vector<broadcast::Delivery> committed;
  std::vector<broadcast::BarrierId> passed;  // when that is applied
  std::vector<PeerEnvelope> to_peers;
  frontend::Counters counters;
  // Of the commands that this server has put into the log as the leader of `epoch`.
  struct Proposals {
    Epoch epoch;
    frontend::Sizes sizes;
  };
  Proposals proposals;
  std::int64_t leading_since_ms = 0;           // while expiry runs
  bool has_room = true;                        // for the log's next segment
  std::optional<std::int64_t> write_since_ms;  // since when the Persist in flight is out
  DiskNews told_disk;
  std::optional<std::int64_t> outdone_since_ms;  // since when a quorum's disks do better
  bool turns_clients_away = false;
  Measured measured;
  std::optional<std::int64_t> started_ms;
};

}  // namespace muster::node
