// This server's own proposals from propose() until they are delivered, in order of n = 1, 2, 3, …
// None leaves before a leader's welcome has named the last n in that leader's log; then everything after it,
// in order (DESIGN D9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "common/bytes.h"

namespace muster::broadcast {

class Forwarder {
 public:
  // Returns the command's n; nothing if max_bytes are waiting already.
  [[nodiscard]] std::optional<std::uint64_t> propose(SharedBytes command, std::size_t max_bytes);

  void welcomed(std::uint64_t last_n);
  [[nodiscard]] bool has_unsent() const { return sent_ + 1 < next_n_; }
  // The next commands to send, at least one if there are any, at most about max_bytes; returns the n of the
  // first.
  std::uint64_t take_unsent(std::size_t max_bytes, std::vector<SharedBytes>& commands);
  // For a leader's own: the next one, left unsent until sent_one().
  [[nodiscard]] const SharedBytes& next_unsent() const {
    return pending_[static_cast<std::size_t>(sent_ + 1 - first_n())];
  }
  [[nodiscard]] std::uint64_t next_unsent_n() const { return sent_ + 1; }
  void sent_one() { ++sent_; }

  void delivered(std::uint64_t n);
  [[nodiscard]] std::uint64_t last_n() const { return next_n_ - 1; }  // proposed; 0: none
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  friend class Fingerprint;
  [[nodiscard]] std::uint64_t first_n() const { return next_n_ - pending_.size(); }

  std::deque<SharedBytes> pending_;  // first_n() … next_n_ - 1
  std::uint64_t next_n_ = 1;
  std::uint64_t sent_ = 0;  // to the leader that welcomed us; at least first_n() - 1
  std::size_t bytes_ = 0;
};

}  // namespace muster::broadcast
