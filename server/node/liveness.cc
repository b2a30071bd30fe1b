// What the ticks bring: handshakes that take too long, touches, expiry.
#include <algorithm>
#include <utility>

#include "server/node/state.h"

namespace muster::node {
namespace {

constexpr std::size_t max_expiries_per_tick = 1000;
constexpr std::int64_t reports_until_lost = 4;

}  // namespace

std::int64_t Node::State::report_interval_ms() const {
  return std::max<std::int64_t>(50, std::min<std::int64_t>(config.tick_ms / 4, 500));
}

void Node::State::tick(Now now) {
  if (!started_ms) started_ms = now.mono_ms;
  judge_disk(now);
  peer.tick(now);
  mind_disks(now);
  sender.tick(now, peer);
  end_handshakes(now);
  report_touches(now);
  for (const ConnId connection : touches.overdue(now)) close(connection, true);
  judge_silent(now);
  tell_digests(now);
}

void Node::State::end_handshakes(Now now) {
  while (!handshakes.empty() && handshakes.front().first <= now.mono_ms) {
    const frontend::Connection* connection = clients.find(handshakes.front().second);
    if (connection && !connection->bound()) close(connection->id(), false);
    handshakes.pop_front();
  }
}

// Runs after every change of what the peer knows, when all it delivered has been applied.
void Node::State::follow_leadership(Now now) {
  const broadcast::RoleChange role = peer.role();
  const bool leads = role.role == broadcast::Role::leading && peer.established();
  if (!leads) {
    expiry.stop();
  } else if (!expiry.running() || expiry_epoch != role.epoch) {
    expiry.start(now, tree.sessions());
    expiry_epoch = role.epoch;
    leading_since_ms = now.mono_ms;
  }
}

Route Node::State::present_route() const {
  if (expiry.running()) return {config.peer.self, 0, expiry_epoch};
  const broadcast::RoleChange role = peer.role();
  const auto link = links.find(role.leader);
  const bool follows = role.role == broadcast::Role::following && peer.established() && link != links.end();
  return follows ? Route{role.leader, link->second, role.epoch} : Route{};
}

// A leader reports to itself, at every tick.
void Node::State::report_touches(Now now) {
  const Route current = present_route();
  const std::int64_t interval_ms = report_interval_ms();
  const std::int64_t oldest_ms = touches.oldest_report_ms();
  if (current != route || (oldest_ms >= 0 && now.mono_ms - oldest_ms >= reports_until_lost * interval_ms)) {
    touches.lost();
    route = current;
    last_report_ms = now.mono_ms - interval_ms;
  }
  const bool own = current.leader == config.peer.self;
  if (current.leader == ServerId{} || (!own && now.mono_ms - last_report_ms < interval_ms)) return;
  last_report_ms = now.mono_ms;
  frontend::Touches::Report report = touches.report(now);
  if (report.sessions.empty()) return;
  TouchReport message{report.n, std::move(report.sessions)};
  own ? count_touches(now, current.leader, current.link, message)
      : send(current.leader, current.link, std::move(message));
}

void Node::State::judge_silent(Now now) {
  Judgement::Silent silent = expiry.advance(now, max_expiries_per_tick);
  if (!silent.empty()) judge(now, std::move(silent));
}

// A leader that was cut off heard nobody; what it judged then must not come to pass under the next one. Nor has the next one counted what
// this one hears: a client that took a ping's answer for the leader's word would believe in its session for too long. So a quorum is
// asked whether it still leads.
void Node::State::judge(Now now, std::variant<Judgement::Silent, Judgement::Counted> what) {
  judgements[++last_barrier] = {expiry_epoch, std::move(what)};
  peer.barrier(now, last_barrier);
}

void Node::State::pass_judgement(Now now, broadcast::BarrierId id) {
  const auto found = judgements.find(id);
  if (found == judgements.end()) return;
  const Judgement judgement = std::move(found->second);
  judgements.erase(found);
  if (!expiry.running() || expiry_epoch != judgement.epoch || peer.role().epoch != judgement.epoch) return;
  if (const auto* silent = std::get_if<Judgement::Silent>(&judgement.what)) {
    expire(now, *silent);
  } else {
    const auto& counted = std::get<Judgement::Counted>(judgement.what);
    confirm_touches(now, counted.of, counted.link, TouchConfirm{counted.n});
  }
}

// Those that are still silent.
void Node::State::expire(Now now, const Judgement::Silent& judged_silent) {
  for (const tree::ExpireSession& silent : judged_silent) {
    if (!expiry.still_silent(silent)) continue;
    tree::Command command;
    command.operation = silent;
    if (!propose(now, {}, SharedBytes(tree::encode(command)))) expiry.again(silent.session);
  }
}

bool Node::State::is_current(ServerId from, broadcast::LinkId link) const {
  const auto found = links.find(from);
  return found != links.end() && found->second == link;
}

// Only a leader that counts touches confirms them.
void Node::State::on_touch_report(Now now, ServerId from, broadcast::LinkId link, const TouchReport& report) {
  if (!is_current(from, link) || !expiry.running() || peer.role().role != broadcast::Role::leading) return;
  count_touches(now, from, link, report);
}

void Node::State::count_touches(Now now, ServerId of, broadcast::LinkId link, const TouchReport& report) {
  for (const SessionId session : report.sessions) expiry.touch(session);
  judge(now, Judgement::Counted{of, link, report.n});
}

void Node::State::confirm_touches(Now now, ServerId of, broadcast::LinkId link, const TouchConfirm& confirm) {
  if (of == config.peer.self) return answer_pings(now, touches.confirmed(confirm.n));
  if (is_current(of, link)) send(of, link, confirm);
}

void Node::State::on_touch_confirm(Now now, ServerId from, broadcast::LinkId link,
                                   const TouchConfirm& confirm) {
  if (from == route.leader && link == route.link && is_current(from, link))
    answer_pings(now, touches.confirmed(confirm.n));
}

// Of those who want to know that the leader heard of them.
void Node::State::answer_pings(Now now, const frontend::Touches::Counted& counted) {
  for (const ConnId id : counted.connections) {
    frontend::Connection* connection = clients.find(id);
    if (!connection || connection->ping_mark == 0 || connection->ping_mark > counted.through) continue;
    connection->ping_mark = 0;
    connection->answer_ping(context(now));
    clients.mark(*connection);
  }
}

}  // namespace muster::node
