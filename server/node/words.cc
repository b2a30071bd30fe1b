// What the four-letter words tell of this server.
#include <utility>

#include "server/node/state.h"

namespace muster::node {
namespace {

std::string with_port(const frontend::Origin& origin) {
  const bool v6 = origin.address.find(':') != std::string::npos;
  return (v6 ? "[" + origin.address + "]" : origin.address) + ":" + std::to_string(origin.port);
}

frontend::FollowerCounts count(const std::vector<broadcast::Follower>& followers,
                               const broadcast::Membership& membership) {
  frontend::FollowerCounts counts;
  counts.learners = followers.size();
  for (const broadcast::Follower& follower : followers) {
    if (!membership.is_voter(follower.id)) {
      ++counts.synced_observers;
    } else {
      ++(follower.counts ? counts.synced_voters : counts.not_voting);
    }
  }
  return counts;
}

}  // namespace

// What a leader hands to its own disk are its proposals.
void Node::State::note_proposals(const broadcast::Persist& persist) {
  const broadcast::RoleChange role = peer.role();
  if (role.role != broadcast::Role::leading) return;
  if (proposals.epoch != role.epoch) proposals = {role.epoch, {}};
  for (const broadcast::Entry& entry : persist.append) {
    if (entry.epoch == role.epoch && entry.kind == broadcast::EntryKind::command)
      proposals.sizes.add(entry.payload.size());
  }
}

frontend::ServerView Node::State::view(Now now) const {
  const broadcast::Membership& membership = peer.membership();
  frontend::ServerView view;
  view.mode = mode();
  view.self = config.peer.self;
  view.uptime_ms = now.mono_ms - started_ms.value_or(now.mono_ms);
  view.connections = clients.size();
  view.outstanding = forwards.size() + barriers.size();
  view.pending_syncs = barriers.size();
  view.sessions = sessions;
  view.znodes = tree.node_count();
  view.ephemerals = tree.ephemeral_count();
  view.data_bytes = tree.bytes();
  view.watches = watches.node_watches().watches + watches.child_watches();
  view.watched_paths = watches.node_watches().paths;
  view.watching_connections = watches.node_watches().connections;
  view.node_watches = watches.node_watches().watches;
  view.voters = membership.voters();
  view.checkpoint = checkpoints.last();
  view.digest_confirmed = digests.confirmed();
  view.votes = membership.is_voter(config.peer.self) && peer.hard_state().qualified;
  view.log_has_room = has_room;
  view.log_moves = peer.disk() != broadcast::Disk::stalled;
  view.takes_writes = settings.takes_writes;
  view.applied = tree.applied();
  view.counters = counters;
  if (proposals.epoch == peer.role().epoch) view.proposals = proposals.sizes;
  view.followers = count(peer.followers(), membership);
  if (expiry.running()) view.leader_uptime_ms = now.mono_ms - leading_since_ms;
  view.tick_ms = config.tick_ms;
  view.max_connections_per_address = config.limits.max_connections_per_address;
  view.client_port = config.facts.client_port;
  view.listen_backlog = config.facts.listen_backlog;
  view.data_dir = config.facts.data_dir;
  for (const broadcast::Member& member : membership.members)
    view.members.push_back({member.id, member.voter});
  view.places = config.facts.places;
  view.environment = config.facts.environment;
  view.disk_bytes = measured.disk_bytes;
  view.open_files = measured.open_files;
  view.max_open_files = measured.max_open_files;
  return view;
}

void Node::State::add_clients(Now now, frontend::ServerView& view) const {
  for (const frontend::Connection* connection : clients.in_order()) {
    const frontend::Origin& origin = connection->origin();
    frontend::ClientLine line;
    line.address = with_port(origin);
    line.interest = connection->interest();
    line.in_flight = connection->pipeline().size();
    line.traffic = connection->traffic();
    line.opened_ms = origin.opened.wall_ms;
    std::int64_t ends_ms = origin.opened.mono_ms + config.limits.handshake_ms;
    if (const frontend::Bound* bound = connection->bound()) {
      line.session = bound->session;
      line.timeout_ms = bound->timeout_ms;
      ends_ms = connection->heard_ms() + bound->timeout_ms;
    }
    line.expires_ms = now.wall_ms + ends_ms - now.mono_ms;
    view.clients.push_back(std::move(line));
  }
}

void Node::State::add_sessions(Now now, frontend::ServerView& view) const {
  for (const auto& [left_ms, session] : expiry.left())
    view.sessions_by_expiry.push_back({session, 0, now.wall_ms + left_ms});
  for (const tree::Session& session : tree.sessions()) {
    view.sessions_by_id.push_back({session.id, session.timeout_ms, 0});
    std::vector<std::string> paths = tree.ephemerals(session.id);
    if (!paths.empty()) view.ephemerals_by_session.emplace_back(session.id, std::move(paths));
  }
}

void Node::State::add_watches(frontend::ServerView& view) const {
  std::map<ConnId, SessionId> sessions_of;
  for (const frontend::Connection* connection : clients.in_order())
    if (connection->bound()) sessions_of[connection->id()] = connection->bound()->session;
  for (const watch::Watches::Entry& entry : watches.node_entries())
    view.watches_by_path.push_back({std::string(entry.path), sessions_of.at(entry.connection)});
}

std::string Node::State::answer_word(Now now, std::string_view word) {
  frontend::ServerView seen = view(now);
  if (frontend::is_executed(word, config.four_letter_words, !seen.mode.empty())) {
    if (frontend::needs_clients(word)) add_clients(now, seen);
    if (frontend::needs_sessions(word)) add_sessions(now, seen);
    if (frontend::needs_watches(word)) add_watches(seen);
    if (word == "crst") clients.reset_traffic();
    if (word == "srst") {
      counters = {};
      proposals = {};
    }
  }
  return frontend::answer_word(word, config.four_letter_words, seen);
}

}  // namespace muster::node
