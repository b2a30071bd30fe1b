#include "server/node/node.h"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

#include "common/mutant.h"
#include "server/node/state.h"

namespace muster::node {

namespace {

// Where among the servers this one is, from 0 to below 1.
double share_of(ServerId self, const broadcast::Membership& membership) {
  const auto& members = membership.members;
  const auto before = std::count_if(members.begin(), members.end(),
                                    [self](const broadcast::Member& member) { return member.id < self; });
  return members.empty() ? 0 : static_cast<double>(before) / static_cast<double>(members.size() + 1);
}

}  // namespace

// The order of these lines is what makes ZooKeeper's promises true:
//   a session's requests take effect in order   a write is proposed when it is read; the reads behind it run as soon as
//                                               its outcome is known, before the next entry is applied
//   a watch fires before its change can be read notices are queued on all connections before any reply
//   a read and its watch are one step           nothing is applied between them: one thread, one loop
//   sync sees all that was committed            a barrier passes after the entries that came with it are applied
// The other servers and the disk are not kept waiting while entries are applied: what they wait for is given first.
void Node::State::drain(Now now, Output& out) {
  for (;;) {
    if (committed.empty() && passed.empty()) {
      if (!take_ready(now, out)) break;
      out.more = !committed.empty() && (!out.to_peers.empty() || out.persist || out.fetch);
      if (out.more) return;
    }
    apply_committed(now);
  }
  close_overflowing();
  move_states(now, out);
  out.disk = disk_news();
  if (!agrees(now, out)) return;
  out.to_clients = clients.take_writes();
  out.to_peers.insert(out.to_peers.end(), std::make_move_iterator(to_peers.begin()),
                      std::make_move_iterator(to_peers.end()));
  to_peers.clear();
}

bool Node::State::take_ready(Now now, Output& out) {
  retry_stalled(now);
  broadcast::Ready ready = peer.take_ready();
  if (ready.empty()) return false;
  hand_over(now, ready, out);
  committed = std::move(ready.deliver);
  passed = std::move(ready.passed);
  return true;
}

void Node::State::apply_committed(Now now) {
  for (const broadcast::Delivery& delivery : committed) deliver(now, delivery);
  committed.clear();
  for (const broadcast::BarrierId id : std::exchange(passed, {})) barrier_passed(now, id);
  follow_leadership(now);
}

void Node::State::deliver(Now now, const broadcast::Delivery& delivery) {
  const broadcast::Entry& entry = delivery.entry;
  if (peer.stateless()) return;  // there is nothing that it could change
  checkpoints.grow(1, size_of(entry));
  const bool applies = entry.kind == broadcast::EntryKind::command && delivery.accepted;
  if (!applies) tree.skip(stamp_of(entry));
  tree::Outcome outcome = applies ? tree.apply(stamp_of(entry), entry.payload.view()) : tree::Outcome();
  digests.applied(now, entry.zxid, entry.time_ms, tree.digest());
  if (!applies) return;

  if (!mutant(Mutant::watch_after_reply)) notify(outcome, entry.zxid);
  const std::optional<tree::SessionEvent> session = outcome.session;
  if (session) note_session(*session);
  answer(now, whose(entry), outcome);
  // Expired sessions lose their connection without a word; one that closed itself is gone by now.
  if (session && session->kind == tree::SessionEvent::Kind::closed) disconnect(session->session);
  if (mutant(Mutant::watch_after_reply)) notify(outcome, entry.zxid);
}

void Node::State::notify(const tree::Outcome& outcome, Zxid zxid) {
  for (const tree::Change& change : outcome.changes) {
    for (const watch::Notification& notification : watches.on(change)) {
      frontend::Connection* connection = clients.find(notification.connection);
      if (!connection) continue;
      // Who may not read the node does not hear of it either; its watch is used up all the same.
      if (change.acl && !tree::permitted(*change.acl, perm::read, connection->identities())) continue;
      connection->notify(counters, zxid, notification.type, change.path);
      clients.mark(*connection);
    }
  }
}

// Outcomes meet requests by n, never by xid: stock clients use an xid more than once.
Waiter Node::State::whose(const broadcast::Entry& entry) {
  const broadcast::ForwardId& id = entry.forward;
  Waiter waiter;
  if (id.origin == config.peer.self && id.boot == config.peer.boot) waiter = forwards.take(id.n);
  if (mutant(Mutant::outcome_matched_by_xid) && waiter.slot != frontend::handshake_slot) {
    const auto command = tree::decode_command(entry.payload.view());
    frontend::Connection* connection = command ? clients.first_waiting_for(command->xid) : nullptr;
    if (!connection) return {};
    return {connection->id(), *connection->pipeline().waiting_write(command->xid)};
  }
  return waiter;
}

void Node::State::answer(Now now, Waiter waiter, tree::Outcome& outcome) {
  frontend::Connection* connection = clients.find(waiter.connection);
  if (!connection) return;  // the client has gone, or nobody waits
  if (waiter.slot == frontend::handshake_slot) return shaken(now, *connection, outcome);
  // The session goes on elsewhere or nowhere. Its replies so far have been given; there are no more.
  if (outcome.fate != tree::Fate::answered) return close(connection->id(), true);
  connection->complete(waiter.slot, outcome.zxid, std::move(outcome.reply));
  serve(now, *connection);
}

void Node::State::note_session(const tree::SessionEvent& event) {
  switch (event.kind) {
    case tree::SessionEvent::Kind::opened:
      ++sessions;
      break;
    case tree::SessionEvent::Kind::attached:
      disconnect(event.session);  // its connection until now, if that is one of ours
      break;
    case tree::SessionEvent::Kind::closed:
      --sessions;
      expiry.end(event.session);
      return;
  }
  expiry.begin(event.session, event.owner, event.timeout_ms);
}

void Node::State::barrier_passed(Now now, broadcast::BarrierId id) {
  pass_judgement(now, id);
  const auto found = barriers.find(id);
  if (found == barriers.end()) return;
  const Waiter waiter = found->second;
  barriers.erase(found);
  if (backups.passed(waiter, tree.applied())) return;
  frontend::Connection* connection = clients.find(waiter.connection);
  if (!connection) return;
  if (waiter.slot == frontend::handshake_slot) {
    connection->waited();
    return shake(now, *connection);
  }
  connection->pass(waiter.slot);
  serve(now, *connection);
}

void Node::State::hand_over(Now now, broadcast::Ready& ready, Output& out) {
  for (broadcast::Envelope& envelope : ready.send)
    out.to_peers.push_back({envelope.to, envelope.link, std::move(envelope.message)});
  if (ready.persist) {
    note_proposals(*ready.persist);
    write_since_ms = now.mono_ms;
    out.persist = std::move(ready.persist);
  }
  if (ready.fetch) out.fetch = ready.fetch;
  for (const broadcast::WantState& to : ready.want_state) sender.want(to);
  out.roles.insert(out.roles.end(), ready.roles.begin(), ready.roles.end());
}

Node::State::State(const NodeConfig& node_config, Started started, Random random)
    : config(node_config),
      tree(std::move(started.tree)),
      sessions(tree.sessions().size()),
      peer(config.peer, std::move(started.recovered), random),
      checkpoints(config.checkpoint, started.checkpoint ? &*started.checkpoint : nullptr,
                  share_of(config.peer.self, peer.membership())),
      sender(config.transfer),
      receiver(config.transfer, config.digests.unconfirmed_ms),
      backups(config.backups),
      digests(config.peer.self, config.digests, tree.applied()),
      expiry(config.peer.heartbeat_ms / 2, 2 * report_interval_ms()) {
  checkpoints.grow(started.replayed_entries, started.replayed_bytes);
  settings.self = config.peer.self;
  settings.tick_ms = config.tick_ms;
  settings.max_remembered = config.tree_limits.max_remembered;
  settings.max_frame_bytes = config.limits.max_frame_bytes;
  settings.max_requests_in_flight = config.limits.max_requests_in_flight;
  settings.max_output_bytes = config.limits.max_output_bytes;
  settings.max_watches = config.limits.max_watches_per_connection;
  settings.super_digest = config.super_digest;
}

bool Output::empty() const {
  return to_peers.empty() && !persist && !fetch && !checkpoint && state_reads.empty() && !state_write &&
         !restart && to_clients.empty() && !digests && roles.empty() && !disk && !more;
}

Node::Node(const NodeConfig& config, StartState start, Random random)
    : state_(std::make_unique<State>(config, replay(std::move(start)), random)) {}
Node::Node(const Node& other) : state_(std::make_unique<State>(*other.state_)) {}
Node& Node::operator=(const Node& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(Node&&) noexcept = default;
Node::~Node() = default;

void Node::client_opened(Now now, ConnId connection, std::string_view address, std::uint16_t port) {
  if (state_->clients.open(connection, {std::string(address), port, now}, state_->config.limits))
    state_->handshakes.emplace_back(now.mono_ms + state_->config.limits.handshake_ms, connection);
}

void Node::client_bytes(Now now, ConnId id, std::string_view bytes) {
  frontend::Connection* connection = state_->clients.find(id);
  if (!connection) return;  // it was told to close
  connection->receive(bytes);
  state_->serve(now, *connection);
}

void Node::client_closed(Now, ConnId connection) {
  state_->watches.drop(connection);
  state_->backups.drop(connection);
  state_->clients.erase(connection);
}

void Node::client_backlog(Now now, ConnId id, std::size_t bytes) {
  frontend::Connection* connection = state_->clients.find(id);
  if (!connection) return;
  connection->backlog(bytes);
  state_->serve(now, *connection);
}

void Node::peer_up(Now now, ServerId peer, broadcast::LinkId link) {
  state_->sender.end(peer);
  state_->links[peer] = link;
  state_->peer.link_up(now, peer, link);
  state_->tell_digests(peer);
}

void Node::peer_message(Now now, ServerId peer, broadcast::LinkId link, const PeerMessage& message) {
  if (const auto* broadcast = std::get_if<broadcast::Message>(&message))
    state_->peer.step(now, peer, link, *broadcast);
  else if (const auto* report = std::get_if<TouchReport>(&message))
    state_->on_touch_report(now, peer, link, *report);
  else if (const auto* confirm = std::get_if<TouchConfirm>(&message))
    state_->on_touch_confirm(now, peer, link, *confirm);
  else if (const auto* digests = std::get_if<DigestReport>(&message))
    state_->on_digest_report(peer, link, *digests);
  else
    state_->on_state_message(now, peer, link, message);
}

void Node::peer_down(Now now, ServerId peer, broadcast::LinkId link) {
  if (state_->is_current(peer, link)) {
    state_->links.erase(peer);
    state_->sender.end(peer);
  }
  state_->peer.link_down(now, peer, link);
}

void Node::persisted(Now now, broadcast::Ticket ticket) {
  state_->write_since_ms.reset();
  state_->judge_disk(now);
  state_->peer.persisted(now, ticket);
}

void Node::disk_room(Now now, bool room) {
  state_->has_room = room;
  state_->judge_disk(now);
}

void Node::fetched(Now now, broadcast::Ticket ticket, std::vector<broadcast::Entry> entries) {
  state_->peer.fetched(now, ticket, std::move(entries));
}

void Node::checkpoint_written(Now now, CheckpointTicket ticket, CheckpointResult result) {
  state_->checkpoint_written(now, ticket, result);
}

void Node::measured(const Measured& measured) { state_->measured = measured; }

void Node::state_opened(Now now, TransferId id, const std::string& meta) {
  if (!Backups::owns(id)) return state_->sender.opened(now, state_->peer, id, meta);
  state_->backups.opened(id, meta, state_->tree.node_count());
  state_->answer_backups(now);
}

void Node::state_read(Now now, TransferId id, std::vector<tree::Record> records) {
  if (!Backups::owns(id)) return state_->sender.read(id, std::move(records));
  state_->backups.read(id, std::move(records));
  state_->answer_backups(now);
}

void Node::state_written(Now, std::uint64_t ticket, bool room) { state_->receiver.written(ticket, room); }

void Node::tick(Now now) { state_->tick(now); }

void Node::transfer(Now now) { state_->peer.transfer(now); }

Output Node::take_output(Now now) {
  Output out;
  if (state_->judged.finding != DigestFinding::differs) state_->drain(now, out);
  return out;
}

Status Node::status() const { return state_->status(); }
const broadcast::Peer& Node::peer() const { return state_->peer; }
const tree::Tree& Node::tree() const { return state_->tree; }

}  // namespace muster::node
