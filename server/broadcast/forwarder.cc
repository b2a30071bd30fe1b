#include "server/broadcast/forwarder.h"

#include <algorithm>
#include <utility>

namespace muster::broadcast {
namespace {

constexpr std::size_t overhead_bytes = 64;

std::size_t size_of(const SharedBytes& command) { return command.size() + overhead_bytes; }

}  // namespace

std::optional<std::uint64_t> Forwarder::propose(SharedBytes command, std::size_t max_bytes) {
  if (bytes_ + size_of(command) > max_bytes) return std::nullopt;
  bytes_ += size_of(command);
  pending_.push_back(std::move(command));
  return next_n_++;
}

void Forwarder::welcomed(std::uint64_t last_n) {
  if (last_n >= next_n_) return;  // never proposed: not said of us
  sent_ = std::max(last_n, first_n() - 1);
}

std::uint64_t Forwarder::take_unsent(std::size_t max_bytes, std::vector<SharedBytes>& commands) {
  const std::uint64_t n = sent_ + 1;
  std::size_t bytes = 0;
  while (has_unsent() && (bytes == 0 || bytes + size_of(next_unsent()) <= max_bytes)) {
    bytes += size_of(next_unsent());
    commands.push_back(next_unsent());
    ++sent_;
  }
  return n;
}

void Forwarder::delivered(std::uint64_t n) {
  while (!pending_.empty() && first_n() <= n) {
    bytes_ -= size_of(pending_.front());
    pending_.pop_front();
  }
  sent_ = std::max(sent_, first_n() - 1);
}

}  // namespace muster::broadcast
