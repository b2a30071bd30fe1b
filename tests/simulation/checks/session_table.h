// Who may write: the sessions as the entries opened, moved and closed them, kept beside the tree's own.
//   session-table  a session opens once and never again after it was closed; an attach makes the connection its owner; what
//                  another owner, or nobody's session, has written changes nothing and is not answered; the leader's judgement
//                  ends a session only if it names the owner; a new ephemeral belongs to the writer
#pragma once

#include <map>
#include <set>
#include <string>

#include "server/tree/command.h"
#include "server/tree/tree.h"

namespace muster::simulation {

class SessionTable {
 public:
  // Every command that a server accepted, in order.
  void on_command(const tree::Command& command, const tree::Outcome& outcome, Zxid zxid);
  // Of the tree after that.
  void check_count(std::size_t sessions, Zxid zxid) const;

 private:
  void on_event(const tree::Command& command, const tree::SessionEvent& event, Zxid zxid);
  [[nodiscard]] tree::Fate fate_of(const tree::Command& command) const;
  [[nodiscard]] bool ends(const tree::Command& command, SessionId session) const;

  std::map<SessionId, Zxid> owners_;  // of those that are open
  std::set<SessionId> closed_;
};

}  // namespace muster::simulation
