// Sessions expire only when they may: not while their client was in touch with a server that did not close
// the connection.
//   early-expiry   a session expired although, for the whole of its time-out before the leader decided so, its connection
//                  stood at a server that ran, and its client was heard of there often enough
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

class Expiry {
 public:
  using Socket = std::uint64_t;

  void attached(Socket socket, SessionId session, int server, std::int64_t timeout_us, std::int64_t now_us);
  void heard(Socket socket, std::int64_t now_us);  // its server took bytes of it
  void lost(Socket socket);
  void server_disturbed(int server,
                        std::int64_t now_us);  // paused or gone for a while: its sessions' time starts again
  // The history closes the session; the decision was made at decided_us.
  void on_expired(SessionId session, std::int64_t decided_us);
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
  std::map<Socket, Contact> contacts_;
  std::map<SessionId, std::int64_t> heard_;  // by any server
  std::set<SessionId> believed_;
  std::map<SessionId, std::int64_t> expired_;  // when that was decided, of those believed
};

}  // namespace muster::simulation
