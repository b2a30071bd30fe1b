// The requests of a session that are not answered: those that wait, then those in flight, each in the order of its call.
// What becomes of them when the connection breaks is decided here. Pure.
#pragma once

#include <muster/ids.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "client/src/watch_registry.h"
#include "common/wire/requests.h"

namespace muster::client {

struct Pending {
  RequestId id = 0;
  Xid xid;
  wire::Request request;
  bool own = false;        // the session's: nobody waits for the answer
  bool withdrawn = false;  // nobody waits any more
  bool in_doubt = false;   // a write that a broken connection may have delivered
  std::int64_t sent_at = 0;
};

class RequestQueue {
 public:
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] bool none_in_flight() const { return in_flight_.empty(); }

  void push(Pending pending) { waiting_.push_back(std::move(pending)); }
  // Takes the first that waits into flight, if fewer than `window` are; else null. Valid until the next call.
  Pending* launch(std::size_t window);
  // The same of one that goes before all that wait.
  Pending& launch(Pending pending);
  // The one that a reply with that xid answers: the oldest; but replies to auth may overtake others. Nothing: none, the
  // server is not to be understood.
  [[nodiscard]] std::optional<Pending> answered(Xid xid);

  // Waiting: it is taken out and given back. In flight: it stays, withdrawn.
  [[nodiscard]] std::optional<Pending> withdraw(RequestId id);
  // The connection is gone. What was in flight waits again, in its order, in front of what was waiting; except what
  // nobody waits for and, unless the server remembers outcomes, writes. Those are given back.
  [[nodiscard]] std::vector<Pending> lose_connection(bool remembered);
  // Taken out: writes that must not be sent a second time; all that wait; all.
  [[nodiscard]] std::vector<Pending> take_in_doubt();
  [[nodiscard]] std::vector<Pending> take_waiting();
  [[nodiscard]] std::vector<Pending> take_all();

 private:
  std::deque<Pending> waiting_, in_flight_;
};

// A request that must not be done twice.
[[nodiscard]] bool is_write(const wire::Request& request);

}  // namespace muster::client
