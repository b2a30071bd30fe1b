// Sessions expire only when they may: not while their client was in touch with a server that did not close
// the connection.
//   early-expiry   a session expired although, for the whole of its time-out before the leader decided so, its connection
//                  stood at a server that ran, and its client was heard of there often enough; or the leader was paused, and
//                  since it went on and had heard of its client itself it has not run for half of the session's time-out
//   late-expiry    nobody has heard of a session for twice its time-out, and it lives on though nothing disturbed a majority
//   late-claim     a client that keeps its own clock took its session for alive although it had been expired
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "server/tree/tree.h"

namespace muster::simulation {

inline constexpr std::int64_t greatest_drift_permille = 50;  // of a server's clock against its clients'

class Expiry {
 public:
  using Socket = std::uint64_t;

  explicit Expiry(bool clocks_drift = false) : clocks_drift_(clocks_drift) {}

  void attached(Socket socket, SessionId session, int server, std::int64_t timeout_us, std::int64_t now_us);
  void heard(Socket socket, std::int64_t now_us);  // its server took bytes of it
  void lost(Socket socket);
  // Its sessions' time starts again when it has been paused or gone for a while.
  void paused(int server, std::int64_t now_us) { paused_since_us_[server] = now_us; }
  void resumed(int server, std::int64_t now_us);
  void died(int server, std::int64_t now_us);
  // The history closes the session; the decision was made by `judge` at decided_us.
  void on_expired(SessionId session, std::int64_t timeout_us, int judge, std::int64_t decided_us);
  // What lives on now; a majority was calm since then, and takes at most slack_us to decide and commit.
  void check_late(const std::vector<tree::Session>& sessions, std::int64_t calm_since_us,
                  std::int64_t slack_us, std::int64_t now_us);
  // A client takes its session for alive, until it says so.
  void believed(SessionId session) { believed_.insert(session); }
  void given_up(SessionId session, std::int64_t now_us);

 private:
  struct Contact {
    SessionId session;
    int server = 0;
    std::int64_t timeout_us = 0;
    std::int64_t since_us = 0;  // heard of often enough since then
    std::int64_t last_us = 0;
  };
  struct Heard {
    std::int64_t us = 0;
    int server = 0;
  };
  // What a server that was paused must think of a session at the moment when it goes on.
  struct Age {
    int server = 0;
    std::int64_t us = 0;  // that it ran without hearing of it
    std::int64_t at_us = 0;
  };
  void server_disturbed(int server, std::int64_t now_us);
  void check_pause(SessionId session, std::int64_t timeout_us, int judge, std::int64_t decided_us) const;

  std::map<Socket, Contact> contacts_;
  std::map<SessionId, Heard> heard_;  // by any server
  std::map<int, std::int64_t> paused_since_us_;
  std::map<SessionId, Age> ages_;
  std::set<SessionId> believed_;
  struct Expired {
    std::int64_t decided_us = 0, timeout_us = 0;
  };
  // Its client goes by another clock than the leader.
  [[nodiscard]] std::int64_t drift_us(const Expired& expired) const {
    return clocks_drift_ ? expired.timeout_us * greatest_drift_permille / 1000 : 0;
  }

  std::map<SessionId, Expired> expired_;  // of those believed
  bool clocks_drift_;
};

}  // namespace muster::simulation
