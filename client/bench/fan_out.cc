#include "client/bench/fan_out.h"

#include <string>

namespace muster::bench {
namespace {

constexpr Time late_events = 5 * second;

}  // namespace

FanOut::FanOut(const Znodes& znodes, std::size_t size, Window window)
    : watch_(wire::GetDataRequest{znodes.root(), true}),
      change_(wire::SetDataRequest{znodes.root(), std::string(size, 'x'), -1}),
      results_(window) {}

void FanOut::start(Loop& loop, Time now) {
  loop_ = &loop;
  watchers_.resize(loop.connections().size(), Watcher::away);
  counts_[static_cast<int>(Watcher::away)] = watchers_.size() - 1;
  for (Connection& connection : loop.connections())
    if (connection.open()) opened(connection, now);
}

void FanOut::become(const Connection& connection, Watcher state) {
  Watcher& watcher = watchers_[connection.index()];
  --counts_[static_cast<int>(watcher)];
  watcher = state;
  ++counts_[static_cast<int>(state)];
}

void FanOut::opened(Connection& connection, Time now) {
  if (is_writer(connection)) return maybe_change(now);
  arm(connection, now);
}

void FanOut::arm(Connection& connection, Time now) {
  connection.send(watch_, 0, {now, Kind::chore});
  loop_->touch(connection);
  become(connection, Watcher::arming);
}

void FanOut::answered(Connection& connection, const Answer& answer) {
  if (answer.error != ErrorCode::ok) results_.failed(answer.sent, answer.error);
  if (is_writer(connection)) return;
  if (watchers_[connection.index()] == Watcher::arming) become(connection, Watcher::armed);
  maybe_change(answer.at);
}

// The next round begins when every watcher watches; those that were lost are waited for.
void FanOut::maybe_change(Time now) {
  Connection& writer = loop_->connections().front();
  const bool all_watch = counts_[static_cast<int>(Watcher::armed)] == watchers_.size() - 1;
  if (changing_ || !all_watch || !writer.open() || now >= results_.window.to) return;
  changing_ = true;
  broken_ = false;
  changed_ = now;
  writer.send(change_, 0, {now, Kind::chore});
  loop_->touch(writer);
}

void FanOut::notified(Connection& connection, Time now) {
  if (is_writer(connection)) return;
  become(connection, Watcher::told);
  maybe_end_round(now);
}

void FanOut::maybe_end_round(Time now) {
  if (changing_ && counts_[static_cast<int>(Watcher::armed)] != 0) return;
  if (changing_ && !broken_) results_.completed({changed_, Kind::write}, now);
  changing_ = false;
  for (Connection& connection : loop_->connections())
    if (watchers_[connection.index()] == Watcher::told && !is_writer(connection)) arm(connection, now);
}

void FanOut::lost(Connection& connection, Time now) {
  for (const Sent& sent : connection.in_flight()) results_.failed(sent, ErrorCode::connection_loss);
  broken_ = true;
  if (is_writer(connection)) {
    changing_ =
        false;  // whether the change took place or not: who is told of it watches again, the others still do
  } else {
    become(connection, Watcher::away);
  }
  maybe_end_round(now);
}

Time FanOut::advance(Time now) {
  const Time end = results_.window.to;
  if (now < end) return end;
  if (changing_ && now >= end + late_events) results_.given_up({changed_, Kind::write}, now);
  done_ = !changing_ || now >= end + late_events;
  return end + late_events;
}

}  // namespace muster::bench
