#include "client/src/host_order.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace muster::client {
namespace {

bool holds(const std::vector<HostId>& hosts, HostId host) {
  return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

}  // namespace

HostOrder::HostOrder(std::size_t number, Random random) : random_(random) {
  CHECK(number > 0, "a session needs a server");
  for (HostId host = 0; host < number; ++host) order_.push_back(host);
  shuffle(order_);
}

void HostOrder::shuffle(std::vector<HostId>& hosts) {
  for (std::size_t i = 0; i < hosts.size(); ++i) std::swap(hosts[i], hosts[random_.below(i + 1)]);
}

HostId HostOrder::next() {
  const HostId host = order_[next_];
  next_ = (next_ + 1) % order_.size();
  return host;
}

void HostOrder::prefer(HostId host) {
  const auto at = std::find(order_.begin(), order_.end(), host);
  if (at != order_.end()) next_ = static_cast<std::size_t>(at - order_.begin());
}

bool HostOrder::replace(std::vector<HostId> hosts, std::optional<HostId> current) {
  CHECK(!hosts.empty(), "a session needs a server");
  shuffle(hosts);
  const std::uint64_t before = order_.size();
  const std::vector<HostId> old = std::exchange(order_, std::move(hosts));
  next_ = 0;
  if (!current) return false;
  const auto first_new =
      std::stable_partition(order_.begin(), order_.end(), [&](HostId host) { return holds(old, host); });
  const auto staying = static_cast<std::uint64_t>(first_new - order_.begin());
  const std::uint64_t after = order_.size();
  const bool current_stays = holds(order_, *current);
  bool to_an_old_one = false;
  if (after > before) {
    if (current_stays && !random_.chance(after - before, after)) return false;
  } else {
    if (current_stays) return false;
    // All are old ones where the list did not change, and a client is on its way from a server that had left it before.
    to_an_old_one =
        staying == before || random_.chance(staying * (before - after), after * (before - staying));
  }
  if (!to_an_old_one) std::rotate(order_.begin(), first_new, order_.end());
  return true;
}

}  // namespace muster::client
