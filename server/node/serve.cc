// What clients ask for, from their bytes to the log and back.
#include <utility>

#include "server/frontend/handshake.h"
#include "server/node/state.h"

namespace muster::node {
namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace

void Node::State::serve(Now now, frontend::Connection& connection) {
  const ConnId id = connection.id();
  while (step(now, connection)) {
  }
  frontend::Connection* left = clients.find(id);
  if (!left) return;
  if (left->take_touched()) {
    const frontend::Bound& bound = *left->bound();
    touches.touch(now, bound.session, id, bound.timeout_ms, left->touch_mark);
    if (left->take_ping()) left->ping_mark = left->touch_mark;
  }
  if (watches.size_of(id) > config.limits.max_watches_per_connection) return close(id, true);
  if (left->stalled() && !std::exchange(left->stall_mark, true)) stalled.push_back(id);
  clients.mark(*left);
}

bool Node::State::step(Now now, frontend::Connection& connection) {
  const ConnId id = connection.id();
  frontend::Step next = connection.next(context(now));
  return std::visit(overloaded{[](frontend::step::Idle&) { return false; },
                               [&](frontend::step::Hangup&) { return close(id, true), false; },
                               [&](frontend::step::Word& word) {
                                 connection.say(counters, answer_word(now, word.word));
                                 close(id, true);
                                 return false;
                               },
                               [&](frontend::step::Shake&) { return shake(now, connection), false; },
                               [&](frontend::step::Propose& proposal) {
                                 if (propose(now, {id, proposal.slot}, proposal.command)) return true;
                                 connection.hold(std::move(proposal));
                                 return false;
                               },
                               [&](frontend::step::Barrier& wanted) {
                                 return barrier(now, {id, wanted.slot}), true;
                               },
                               [&](frontend::step::Backup& wanted) {
                                 return back_up(now, {id, wanted.slot}, wanted.max_bytes), true;
                               }},
                    next);
}

void Node::State::shake(Now now, frontend::Connection& connection) {
  const ConnId id = connection.id();
  const wire::ConnectRequest& request = connection.request();
  const auto& founding = peer.founding();
  const bool no_room = request.session == SessionId{} && sessions >= config.limits.max_sessions;
  if (!founding || no_room || !serves() || turns_clients_away) return close(id, false);
  switch (frontend::judge(request, founding->secret, tree.applied())) {
    case frontend::Verdict::behind:
      // We may lag by milliseconds only: what the client has seen was committed, and the barrier covers that.
      return connection.has_waited() ? close(id, false) : barrier(now, {id, frontend::handshake_slot});
    case frontend::Verdict::refuse:
      connection.refuse();
      return close(id, true);
    case frontend::Verdict::go:
      break;
  }
  SharedBytes command(tree::encode(frontend::session_command(request, settings)));
  if (propose(now, {id, frontend::handshake_slot}, command)) return;
  connection.hold({std::move(command), frontend::handshake_slot});
  if (!std::exchange(connection.stall_mark, true)) stalled.push_back(id);
}

void Node::State::shaken(Now now, frontend::Connection& connection, const tree::Outcome& outcome) {
  if (outcome.session) {
    connection.accept(context(now), *outcome.session, peer.founding()->secret);
    clients.bind(connection);
    return serve(now, connection);
  }
  connection.refuse();
  close(connection.id(), true);
}

bool Node::State::propose(Now now, Waiter waiter, const SharedBytes& command) {
  const std::optional<std::uint64_t> n = peer.propose(now, command);
  if (n) forwards.add(*n, waiter);
  return n.has_value();
}

void Node::State::barrier(Now now, Waiter waiter) {
  barriers.emplace(++last_barrier, waiter);
  peer.barrier(now, last_barrier);
}

void Node::State::retry_stalled(Now now) {
  for (const ConnId id : std::exchange(stalled, {})) {
    frontend::Connection* connection = clients.find(id);
    if (!connection) continue;
    connection->stall_mark = false;
    serve(now, *connection);
  }
}

void Node::State::close(ConnId connection, bool flush) {
  watches.drop(connection);
  backups.drop(connection);
  clients.close(connection, flush);
}

void Node::State::disconnect(SessionId session) {
  if (const frontend::Connection* connection = clients.of(session)) close(connection->id(), true);
}

// A reader that is too slow for what happens to it is cut off, or it would take our memory.
void Node::State::close_overflowing() {
  std::vector<ConnId> slow;
  for (const ConnId id : clients.marked()) {
    const frontend::Connection* connection = clients.find(id);
    if (connection && connection->overflows(settings)) slow.push_back(id);
  }
  for (const ConnId id : slow) close(id, false);
}

}  // namespace muster::node
