#include "client/src/request_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace muster::client {

bool is_write(const wire::Request& request) {
  switch (wire::type_of(request)) {
    case wire::OpCode::create:
    case wire::OpCode::create2:
    case wire::OpCode::create_container:
    case wire::OpCode::create_ttl:
    case wire::OpCode::remove:
    case wire::OpCode::set_data:
    case wire::OpCode::set_acl:
    case wire::OpCode::multi:
    case wire::OpCode::reconfig:
      return true;
    default:
      return false;
  }
}

Pending* RequestQueue::launch(std::size_t window) {
  if (waiting_.empty() || in_flight_.size() >= window) return nullptr;
  Pending& pending = in_flight_.emplace_back(std::move(waiting_.front()));
  waiting_.pop_front();
  return &pending;
}

Pending& RequestQueue::launch(Pending pending) { return in_flight_.emplace_back(std::move(pending)); }

std::optional<Pending> RequestQueue::answered(Xid xid) {
  const bool may_overtake = xid.value == wire::auth_xid;
  auto at = in_flight_.begin();
  while (may_overtake && at != in_flight_.end() && at->xid != xid) ++at;
  if (at == in_flight_.end() || at->xid != xid) return std::nullopt;
  Pending pending = std::move(*at);
  if (at == in_flight_.begin()) {
    in_flight_.pop_front();
  } else {
    in_flight_.erase(at);
  }
  return pending;
}

std::optional<Pending> RequestQueue::withdraw(RequestId id) {
  // Those that wait stand in the order of their numbers.
  const auto at =
      std::lower_bound(waiting_.begin(), waiting_.end(), id,
                       [](const Pending& pending, RequestId wanted) { return pending.id < wanted; });
  if (at != waiting_.end() && at->id == id) {
    Pending pending = std::move(*at);
    waiting_.erase(at);
    return pending;
  }
  for (Pending& pending : in_flight_) {
    if (pending.id == id) pending.withdrawn = true;
  }
  return std::nullopt;
}

std::vector<Pending> RequestQueue::lose_connection(bool remembered) {
  std::vector<Pending> gone;
  std::deque<Pending> kept;
  for (Pending& pending : in_flight_) {
    pending.in_doubt = is_write(pending.request);
    const bool unwanted = pending.own || pending.withdrawn;
    if (unwanted || (pending.in_doubt && !remembered)) {
      gone.push_back(std::move(pending));
    } else {
      kept.push_back(std::move(pending));
    }
  }
  in_flight_.clear();
  for (Pending& pending : waiting_) {
    if (pending.own)
      gone.push_back(std::move(pending));
    else
      kept.push_back(std::move(pending));
  }
  waiting_ = std::move(kept);
  return gone;
}

std::vector<Pending> RequestQueue::take_in_doubt() {
  std::vector<Pending> taken;
  std::deque<Pending> kept;
  for (Pending& pending : waiting_) {
    if (pending.in_doubt)
      taken.push_back(std::move(pending));
    else
      kept.push_back(std::move(pending));
  }
  waiting_ = std::move(kept);
  return taken;
}

std::vector<Pending> RequestQueue::take_waiting() {
  std::vector<Pending> taken(std::move_iterator(waiting_.begin()), std::move_iterator(waiting_.end()));
  waiting_.clear();
  return taken;
}

std::vector<Pending> RequestQueue::take_all() {
  std::vector<Pending> taken(std::move_iterator(in_flight_.begin()), std::move_iterator(in_flight_.end()));
  in_flight_.clear();
  std::vector<Pending> waiting = take_waiting();
  taken.insert(taken.end(), std::move_iterator(waiting.begin()), std::move_iterator(waiting.end()));
  return taken;
}

}  // namespace muster::client
