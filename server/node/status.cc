#include "server/node/state.h"

namespace muster::node {

Status Node::State::status() const {
  Status status;
  status.role = peer.role();
  status.applied = tree.applied();
  status.committed = peer.committed();
  status.last = peer.last();
  status.checkpoint = checkpoints.last();
  status.connections = clients.size();
  status.sessions = sessions;
  status.znodes = tree.node_count();
  status.watches = watches.size();
  status.outstanding = forwards.size() + barriers.size();
  status.packets_received = counters.packets_received;
  status.packets_sent = counters.packets_sent;
  status.digest = tree.digest();
  return status;
}

std::string Node::State::mode() const {
  if (!peer.established() || peer.stateless()) return "";
  const broadcast::Membership& membership = peer.membership();
  if (!membership.is_voter(config.peer.self)) return "observer";
  if (membership.members.size() == 1) return "standalone";
  return peer.role().role == broadcast::Role::leading ? "leader" : "follower";
}

std::string Node::State::answer_word(Now now, std::string_view word) {
  frontend::ServerView view;
  view.mode = mode();
  view.self = config.peer.self;
  view.uptime_ms = now.mono_ms - started_ms.value_or(now.mono_ms);
  view.connections = clients.size();
  view.sessions = sessions;
  view.znodes = tree.node_count();
  view.watches = watches.size();
  view.watched_paths = watches.paths();
  view.watching_connections = watches.connections();
  view.outstanding = forwards.size() + barriers.size();
  view.voters = peer.membership().voters();
  view.members = peer.membership().members.size();
  view.votes = peer.membership().is_voter(config.peer.self) && peer.hard_state().qualified;
  view.applied = tree.applied();
  view.checkpoint = checkpoints.last();
  view.counters = counters;
  view.tick_ms = config.tick_ms;
  view.max_connections_per_address = config.limits.max_connections_per_address;
  view.environment = config.environment;
  view.configuration = config.configuration;
  if (frontend::lists_clients(word)) {
    for (const frontend::Connection* connection : clients.in_order()) {
      frontend::ClientLine line;
      line.address = connection->address();
      line.in_flight = connection->pipeline().size();
      line.received = connection->received();
      line.sent = connection->sent();
      if (const frontend::Bound* bound = connection->bound()) {
        line.session = bound->session;
        line.timeout_ms = bound->timeout_ms;
      }
      view.clients.push_back(std::move(line));
    }
  }
  return frontend::answer_word(word, config.four_letter_words, view);
}

}  // namespace muster::node
