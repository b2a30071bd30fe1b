#include "client/bench/steady.h"

#include <algorithm>

namespace muster::bench {
namespace {

constexpr Time late_answers = 5 * second;

}  // namespace

Steady::Steady(Source& source, const Schedule& schedule)
    : source_(source), schedule_(schedule), results_(schedule.window) {}

void Steady::start(Loop& loop, Time now) {
  loop_ = &loop;
  waiting_.resize(loop.connections().size());
  for (Connection& connection : loop.connections())
    if (connection.open()) fill(connection, now);
}

void Steady::send(Connection& connection, Time due) {
  source_.send(connection, due);
  loop_->touch(connection);
}

// As much as the connection may have in flight: of what waits for it, or if the loop is closed anything.
void Steady::fill(Connection& connection, Time now) {
  std::deque<Time>& waiting = waiting_[connection.index()];
  while (connection.in_flight().size() < schedule_.in_flight) {
    if (!waiting.empty()) {
      send(connection, waiting.front());
      waiting.pop_front();
    } else if (!schedule_.pace && now < schedule_.window.to) {
      send(connection, now);
    } else {
      return;
    }
  }
}

void Steady::answered(Connection& connection, const Answer& answer) {
  if (answer.error != ErrorCode::ok)
    results_.failed(answer.sent, answer.error);
  else if (answer.sent.kind != Kind::chore)
    results_.completed(answer.sent, answer.at);
  fill(connection, answer.at);
}

void Steady::lost(Connection& connection, Time /*now*/) {
  for (const Sent& sent : connection.in_flight()) results_.failed(sent, ErrorCode::connection_loss);
  source_.lost(connection);
}

void Steady::send_due(Time now) {
  auto& connections = loop_->connections();
  while (const auto due = schedule_.pace->take(std::min(now, schedule_.window.to - 1))) {
    Connection& connection = connections[turn_];
    turn_ = (turn_ + 1) % connections.size();
    waiting_[connection.index()].push_back(*due);
    if (connection.open()) fill(connection, now);
  }
}

bool Steady::owes() const {
  const auto& all = loop_->connections();
  return std::any_of(all.begin(), all.end(), [this](const Connection& one) {
    return !one.in_flight().empty() || !waiting_[one.index()].empty();
  });
}

Time Steady::advance(Time now) {
  if (schedule_.pace) send_due(now);
  const Time end = schedule_.window.to;
  if (now < end) return schedule_.pace ? std::min(schedule_.pace->next(), end) : end;
  done_ = !owes();
  if (now < end + late_answers || done_) return end + late_answers;
  for (const Connection& connection : loop_->connections()) {
    for (const Sent& sent : connection.in_flight()) results_.given_up(sent, now);
    for (const Time due : waiting_[connection.index()]) results_.given_up({due, Kind::write}, now);
  }
  done_ = true;
  return now;
}

}  // namespace muster::bench
