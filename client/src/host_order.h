// In which order the servers are tried, and when a client moves because their list changed. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/random.h"

namespace muster::client {

// A server, by a number that whoever drives the session gives it.
using HostId = std::size_t;

class HostOrder {
 public:
  // Servers 0 … number - 1, in an order of chance.
  HostOrder(std::size_t number, Random random);

  [[nodiscard]] std::size_t size() const { return order_.size(); }
  // The next one to try: each once in a round.
  HostId next();
  // That one is the next.
  void prefer(HostId host);

  // From now on these, each once. True: whoever is connected to `current` is to leave it and take next(). The rule is
  // ZooKeeper's ("rebalancing client connections"): chances are such that afterwards each server has as many clients as
  // any other. Whoever moves tries the servers of the group drawn first, then the others.
  bool replace(std::vector<HostId> hosts, std::optional<HostId> current);

 private:
  void shuffle(std::vector<HostId>& hosts);

  Random random_;
  std::vector<HostId> order_;
  std::size_t next_ = 0;
};

}  // namespace muster::client
