// Checkpoints of our own state, the states that we give to followers, and the one that a leader gives to us.
#include <utility>

#include "common/mutant.h"
#include "server/node/state.h"

namespace muster::node {

void Node::State::checkpoint_written(Now now, CheckpointTicket ticket, CheckpointResult result) {
  if (!checkpoints.written(now, ticket, result, tree)) return;
  unconfirmed.push_back(checkpoints.last());
  sender.checkpoint_published();
}

void Node::State::on_state_message(Now now, ServerId from, broadcast::LinkId link,
                                   const PeerMessage& message) {
  if (!is_current(from, link)) return;
  const StateReceiver::Source source{from, link};
  if (const auto* offer = std::get_if<StateOffer>(&message)) {
    // It may have been on its way for so long that this server looks for another leader. The sender must not wait for it.
    source == leader_link() ? receiver.on_offer(source, peer, *offer)
                            : send(from, link, StateRefusal{offer->id});
  } else if (const auto* chunk = std::get_if<StateChunk>(&message)) {
    receiver.on_chunk(source, *chunk);
  } else if (const auto* ack = std::get_if<StateAck>(&message)) {
    sender.on_ack(from, link, *ack);
  } else if (const auto* refusal = std::get_if<StateRefusal>(&message)) {
    sender.on_refusal(now, from, link, *refusal);
  }
}

void Node::State::back_up(Now now, Waiter who, const std::optional<std::int32_t>& max_bytes) {
  if (max_bytes)
    backups.next(who, *max_bytes);
  else if (backups.begin(who))
    barrier(now, who);
  for (Backups::Answer& refusal : backups.take_answers()) {
    // The caller serves this connection on.
    if (frontend::Connection* connection = clients.find(refusal.to.connection))
      connection->complete(refusal.to.slot, tree.applied(), std::move(refusal.reply));
  }
}

void Node::State::answer_backups(Now now) {
  for (Backups::Answer& answer : backups.take_answers()) {
    frontend::Connection* connection = clients.find(answer.to.connection);
    if (!connection) continue;
    connection->complete(answer.to.slot, tree.applied(), std::move(answer.reply));
    serve(now, *connection);
  }
}

// Out of line: GCC 12 takes the other alternatives of a message that it sees being made for uninitialised ones.
[[gnu::noinline]] void Node::State::send(ServerId to, broadcast::LinkId link, PeerMessage message) {
  to_peers.push_back({to, link, std::move(message)});
}

StateReceiver::Source Node::State::leader_link() const {
  const broadcast::RoleChange role = peer.role();
  const auto link = links.find(role.leader);
  if (role.role != broadcast::Role::following || link == links.end()) return {};
  return {role.leader, link->second};
}

void Node::State::move_states(Now now, Output& out) {
  if (peer.role().role != broadcast::Role::leading) sender.end_all();
  receiver.keep_only(leader_link());
  if (receiver.waits_for_support())
    receiver.settle(now, digests.support(peer.role().leader, receiver.receiving(), peer.membership()));
  backups.checkpoint(checkpoints.last());
  if (sender.wants_checkpoint() || backups.wants_checkpoint()) checkpoints.hurry();
  // Beside a state that is being received none is made: it would be put into the store that is about to go.
  if (!receiver.active() && !peer.stateless()) out.checkpoint = checkpoints.next(now, tree, peer);
  if (mutant(Mutant::purge_before_publish) && out.checkpoint) {
    if (checkpoints.making() <= peer.durable()) peer.compact(now, checkpoints.making());
  }
  out.state_reads = sender.take_reads();
  for (StateRead& read : backups.take_reads()) out.state_reads.push_back(std::move(read));
  out.state_write = receiver.next();
  for (StateSender::Sending& sending : sender.take_messages())
    std::visit([&](auto& message) { send(sending.to, sending.link, std::move(message)); }, sending.message);
  for (const auto& [source, answer] : receiver.take_answers())
    std::visit([&to = source, this](const auto& message) { send(to.leader, to.link, message); }, answer);
  out.restart = receiver.installed() && !std::exchange(restart_told, receiver.installed());
}

}  // namespace muster::node
