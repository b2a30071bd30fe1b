// The leader's table of when each session was last heard of. Its clock is the ticks': between two of them a
// session ages at most two tick lengths, so that a machine that was paused expires nobody.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "server/tree/command.h"
#include "server/tree/tree.h"

namespace muster::frontend {

class Expiry {
 public:
  // `tick_ms`: how far apart advance() is called when all is well. `slack_ms`: how late a touch may be
  // reported here; every time-out is longer by it.
  Expiry(std::int64_t tick_ms, std::int64_t slack_ms) : tick_ms_(tick_ms), slack_ms_(slack_ms) {}

  // A new leader gives every session a full time-out.
  void start(Now now, const std::vector<tree::Session>& sessions);
  void stop();
  [[nodiscard]] bool running() const { return running_; }

  // While it runs (else no effect):
  void begin(SessionId session, Zxid owner, std::int32_t timeout_ms);  // opened or attached
  void touch(SessionId session);                                       // unknown sessions: no effect
  void end(SessionId session);
  // The sessions that were silent for longer than their time-out, each once; at most `max` of them, the
  // others next time. Call it after all input that was readable has been taken. Judged is not expired: ask
  // still_silent() before that.
  [[nodiscard]] std::vector<tree::ExpireSession> advance(Now now, std::size_t max);
  // Nothing was heard of the judged session since, and nobody attached it. If false, it is timed on.
  [[nodiscard]] bool still_silent(const tree::ExpireSession& judged);
  // How many ms each session has left if nothing more is heard of it, by that; those of the same by id. Slow: for people.
  [[nodiscard]] std::vector<std::pair<std::int64_t, SessionId>> left() const;
  // The expiry could not be proposed: judge it again.
  void again(SessionId session);

 private:
  struct Timer {
    Zxid owner;
    std::int64_t timeout_ms = 0;
    std::int64_t heard_ms = 0;  // on clock_ms_
    std::int64_t due_ms = 0;    // its valid place in due_; 0: none
  };
  void list(SessionId session, Timer& timer, std::int64_t at_ms);

  [[nodiscard]] bool is_silent(const Timer& timer) const {
    return clock_ms_ - timer.heard_ms > timer.timeout_ms;
  }

  std::int64_t tick_ms_, slack_ms_;
  bool running_ = false;
  std::int64_t last_tick_ms_ = 0;
  std::int64_t clock_ms_ = 0;
  std::unordered_map<SessionId, Timer> timers_;
  // When to look at whom, rounded up; a touch does not move its session, the look does.
  std::map<std::int64_t, std::vector<SessionId>> due_;
};

}  // namespace muster::frontend
