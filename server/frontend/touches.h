// Which of this server's sessions were heard of, and whether a leader knows. A server reports touches to the
// leader now and then; a session whose touch stays unconfirmed for a third of its time-out is given up, so
// that its client looks elsewhere before the leader can expire it.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "common/clock.h"
#include "server/frontend/context.h"

namespace muster::frontend {

class Touches {
 public:
  struct Touch {
    SessionId session;
    ConnId connection = 0;
    std::int64_t since_ms = 0;     // of the first touch that no leader has confirmed
    std::int64_t deadline_ms = 0;  // when it is given up
  };
  struct Report {
    std::uint64_t n = 0;
    std::vector<SessionId> sessions;  // sorted, each once
  };
  // What a leader has counted by now: the touches of these, as far as their marks are not above `through`.
  struct Counted {
    std::vector<ConnId> connections;  // sorted, each once
    std::uint64_t through = 0;
  };

  // `mark` is the connection's own (0 at first): a second touch before the next report costs a comparison.
  void touch(Now now, SessionId session, ConnId connection, std::int32_t timeout_ms, std::uint64_t& mark);

  // Everything touched since the last report, as the next report; empty if nothing was. It waits for
  // confirmed(n).
  [[nodiscard]] Report report(Now now);
  // Nothing of an n that does not wait.
  [[nodiscard]] Counted confirmed(std::uint64_t n);
  // The reports that wait are lost (another leader, another link): their sessions belong to the next one.
  void lost();
  // When the oldest report that waits was made; nothing waits: -1.
  [[nodiscard]] std::int64_t oldest_report_ms() const {
    return reports_.empty() ? -1 : reports_.front().made_ms;
  }

  // Connections to close, each named once, sorted.
  [[nodiscard]] std::vector<ConnId> overdue(Now now);

 private:
  struct Batch {
    std::uint64_t n = 0;
    std::uint64_t mark = 1;  // of the touches that came last
    std::int64_t made_ms = 0;
    std::int64_t first_deadline_ms = INT64_MAX;
    std::vector<Touch> touches;
  };
  [[nodiscard]] static Counted counted(const Batch& batch);
  void fresh_begins();

  Batch fresh_;                // since the last report
  std::deque<Batch> reports_;  // not confirmed, in order of n
  std::uint64_t last_n_ = 0;
};

}  // namespace muster::frontend
