#include "server/broadcast/progress.h"

#include <algorithm>

namespace muster::broadcast {

void Progress::reset(Zxid next) {
  const std::int64_t heard = heard_ms;
  *this = Progress{};
  heard_ms = heard;  // check-quorum does not forget by a reconnect
  next_ = std::max(next, Zxid{1});
}

void Progress::sent(Zxid last, std::size_t bytes) {
  next_ = last.next();
  probe_sent_ = probing_;
  inflight_.push_back(Sent{last, bytes});
  inflight_bytes_ += bytes;
}

void Progress::accepted(Zxid durable) {
  probing_ = probe_sent_ = false;
  match_ = std::max(match_, durable);
  next_ = std::max(next_, match_.next());
  while (!inflight_.empty() && inflight_.front().last <= match_) {
    inflight_bytes_ -= inflight_.front().bytes;
    inflight_.pop_front();
  }
}

void Progress::rejected(Zxid hint) {
  const Zxid again = std::max(hint, match_).next();
  if (again >= next_) return;
  next_ = again;
  probing_ = true;
  probe_sent_ = false;
  inflight_.clear();
  inflight_bytes_ = 0;
}

}  // namespace muster::broadcast
