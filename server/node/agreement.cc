// Whether all servers hold the same state, and what becomes of one that does not (digests.h).
#include <utility>

#include "common/mutant.h"
#include "server/node/state.h"

namespace muster::node {

// It may have been away for a while, and may have started anew.
void Node::State::tell_digests(ServerId to) {
  digests.forget(to);
  std::vector<DigestPoint> points = digests.all();
  if (!points.empty()) send(to, links.at(to), DigestReport{std::move(points)});
}

void Node::State::tell_digests(Now now) {
  if (peer.stateless()) return;
  digests.tick(now, tree.digest());
  const std::vector<DigestPoint> news = digests.take_news();
  if (news.empty()) return;
  for (const auto& [to, link] : links) send(to, link, DigestReport{news});
}

void Node::State::on_digest_report(ServerId from, broadcast::LinkId link, const DigestReport& report) {
  if (is_current(from, link) && peer.linked(from)) digests.reported(from, report.points);
}

// The log is not in doubt, only what this server's memory made of it: it goes on to vote and to acknowledge. But nothing that was read
// from this tree leaves any more.
bool Node::State::agrees(Now now, Output& out) {
  const DigestJudgement found = digests.judge(now, peer.membership());
  // Where a majority is missing the log can still tell who is right.
  for (; !unconfirmed.empty() && unconfirmed.front() <= digests.confirmed(); unconfirmed.pop_front())
    peer.compact(now, unconfirmed.front());
  if (mutant(Mutant::digests_not_compared)) return true;
  if (found.finding == judged.finding) return true;
  judged = found;
  const bool differs = found.finding == DigestFinding::differs;
  if (differs) {
    out = {};
    out.restart = true;
    out.state_at_least = tree.applied();
  } else if (!serves()) {
    for (const frontend::Connection* connection : clients.in_order()) close(connection->id(), false);
  }
  out.digests = found;
  return !differs;
}

}  // namespace muster::node
