// The marks (marks.h) that show in what the servers hand to their disks and say to each other. Logs tells it, after its own checks.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "server/broadcast/peer.h"
#include "tests/simulation/sim.h"

namespace muster::simulation {

class LogMarks {
 public:
  LogMarks(Loop& loop, std::size_t servers) : loop_(loop), servers_(servers) {}

  // `committed` is always how far anything was delivered anywhere. Servers are counted from 0.
  void on_state(std::size_t server, const broadcast::Peer& peer);
  void on_leader(std::size_t server, Epoch epoch, Zxid last, Epoch last_epoch, Zxid committed);
  void on_send(std::size_t server, ServerId to, const broadcast::Message& message);
  void on_handed(std::size_t server, const broadcast::Persist& persist, Zxid durable);
  void on_durable(std::size_t server, const broadcast::Persist& persist, Zxid durable_before);
  void on_died(std::size_t server, Zxid durable, Zxid committed);
  void on_recovered(std::size_t server, Zxid last);
  void on_wiped(std::size_t server, int unqualified);
  void on_committed(const broadcast::Entry& entry, Epoch delivered_in);

 private:
  struct Server {
    broadcast::RoleChange role;
    bool up = false, wiped = false, qualified = false;
    Zxid committed;  // as it knows
    Zxid acked;      // to the leader that it follows, or to one before
    Epoch voted;     // sent to a candidate
    bool votes = false, truncates = false, appends = false;  // what its disk is at
    Zxid handed;                                             // end of its log when it appends
    Zxid unsynced_from, unsynced_to;                     // lost or kept by a crash: (from, to]; none if equal
    std::uint64_t boot = 0, forwarded = 0, barrier = 0;  // the greatest that it sent
  };
  void on_forward(Server& it, const broadcast::Forward& forward, std::size_t server);

  Loop& loop_;
  std::vector<Server> servers_;
  Epoch newest_;  // leader's
  std::map<Epoch, ServerId> votes_;
  std::map<ServerId, broadcast::ForwardId> appended_;  // the greatest of each origin in any log
};

}  // namespace muster::simulation
