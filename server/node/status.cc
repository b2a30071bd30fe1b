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
  if (!peer.established() || peer.stateless() || !serves()) return "";
  const broadcast::Membership& membership = peer.membership();
  if (!membership.is_voter(config.peer.self)) return "observer";
  if (membership.members.size() == 1) return "standalone";
  return peer.role().role == broadcast::Role::leading ? "leader" : "follower";
}

}  // namespace muster::node
