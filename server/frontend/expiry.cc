#include "server/frontend/expiry.h"

#include <algorithm>

#include "common/mutant.h"

namespace muster::frontend {
namespace {

constexpr std::int64_t granularity_ms = 10;

std::int64_t clock_of(Now now) { return mutant(Mutant::expiry_by_wall_clock) ? now.wall_ms : now.mono_ms; }

}  // namespace

void Expiry::start(Now now, const std::vector<tree::Session>& sessions) {
  stop();
  running_ = true;
  last_tick_ms_ = clock_of(now);
  timers_.reserve(sessions.size());
  for (const tree::Session& session : sessions) begin(session.id, session.owner, session.timeout_ms);
}

void Expiry::stop() {
  running_ = false;
  timers_.clear();
  due_.clear();
}

void Expiry::list(SessionId session, Timer& timer, std::int64_t at_ms) {
  const std::int64_t slot = (at_ms / granularity_ms + 1) * granularity_ms;
  due_[slot].push_back(session);
  timer.due_ms = slot;
}

void Expiry::begin(SessionId session, Zxid owner, std::int32_t timeout_ms) {
  if (!running_) return;
  Timer& timer = timers_[session];
  timer.owner = owner;
  timer.timeout_ms = timeout_ms + slack_ms_;
  timer.heard_ms = clock_ms_;
  list(session, timer,
       clock_ms_ + timer.timeout_ms);  // a shorter time-out than before must be looked at in time
}

void Expiry::touch(SessionId session) {
  const auto found = timers_.find(session);
  if (found != timers_.end()) found->second.heard_ms = clock_ms_;
}

void Expiry::end(SessionId session) { timers_.erase(session); }

bool Expiry::still_silent(const tree::ExpireSession& judged) {
  const auto found = timers_.find(judged.session);
  if (found == timers_.end() || found->second.owner != judged.owner) return false;
  Timer& timer = found->second;
  if (is_silent(timer)) return true;
  if (timer.due_ms == 0) list(judged.session, timer, timer.heard_ms + timer.timeout_ms);
  return false;
}

std::vector<std::pair<std::int64_t, SessionId>> Expiry::left() const {
  std::vector<std::pair<std::int64_t, SessionId>> left;
  for (const auto& [session, timer] : timers_)
    left.emplace_back(std::max<std::int64_t>(0, timer.heard_ms + timer.timeout_ms - clock_ms_), session);
  std::sort(left.begin(), left.end());
  return left;
}

void Expiry::again(SessionId session) {
  const auto found = timers_.find(session);
  if (found != timers_.end()) list(session, found->second, clock_ms_);
}

std::vector<tree::ExpireSession> Expiry::advance(Now now, std::size_t max) {
  std::vector<tree::ExpireSession> silent;
  if (!running_) return silent;
  const bool whole = mutant(Mutant::pause_ages_sessions) || mutant(Mutant::expiry_by_wall_clock);
  const std::int64_t passed = std::max<std::int64_t>(0, clock_of(now) - last_tick_ms_);
  clock_ms_ += whole ? passed : std::min(passed, 2 * tick_ms_);
  last_tick_ms_ = clock_of(now);
  while (!due_.empty() && due_.begin()->first <= clock_ms_ && silent.size() < max) {
    const std::int64_t slot = due_.begin()->first;
    const std::vector<SessionId> sessions = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    for (const SessionId session : sessions) {
      const auto found = timers_.find(session);
      if (found == timers_.end() || found->second.due_ms != slot) continue;  // ended or listed anew
      Timer& timer = found->second;
      if (!is_silent(timer)) {
        list(session, timer, timer.heard_ms + timer.timeout_ms);
      } else if (silent.size() < max) {
        timer.due_ms = 0;
        silent.push_back({session, timer.owner});
      } else {
        list(session, timer, clock_ms_);
      }
    }
  }
  return silent;
}

}  // namespace muster::frontend
