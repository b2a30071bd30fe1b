// A majority that nothing disturbs must get on, whatever the others do.
//   progress   a majority of servers has been up, whole, and connected with each other in both directions for a bound, and
//              neither commits what is asked of it nor has a leader with nothing to do
//
// The bound, settle_us, is ten election time-outs of the seed, each as long as a follower waits at most and one round of
// messages and syncs besides; and once what a broken link needs to come about again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tests/simulation/host.h"

namespace muster::simulation {

[[nodiscard]] std::int64_t settle_us(const Profile& profile);

class Stability {
 public:
  Stability(const Surroundings& around, const std::vector<std::unique_ptr<Host>>& hosts)
      : around_(around), hosts_(hosts), servers_(count(around)), links_(count(around) * count(around)) {}

  // Now and then, at least ten times in an election time-out's length.
  void look();
  // Since when some majority has not been disturbed, and there was no election. Nothing: there is none.
  [[nodiscard]] std::optional<std::int64_t> calm_since_us() const;

 private:
  // `hosts` gets its servers later.
  [[nodiscard]] static std::size_t count(const Surroundings& around) {
    return static_cast<std::size_t>(around.profile.servers);
  }
  struct Server {
    std::int64_t well_since_us = 0;
    int deaths = 0;
    bool well = false;
  };
  struct Link {
    std::int64_t since_us = 0;
    std::uint64_t stream = 0;  // 0: none that both sides have
  };
  using Servers = std::uint32_t;  // a bit for each

  [[nodiscard]] bool is_well(int server) const;
  // Since when these have been well and connected; nothing: they are not.
  [[nodiscard]] std::optional<std::int64_t> undisturbed_since_us(Servers servers) const;
  void find_majority();
  [[nodiscard]] bool idle_leader() const;
  [[nodiscard]] Zxid least_durable() const;

  Surroundings around_;
  const std::vector<std::unique_ptr<Host>>& hosts_;
  std::vector<Server> servers_;
  std::vector<Link> links_;  // from · servers + to, from < to
  Servers majority_ = 0;     // undisturbed for longest
  std::optional<std::int64_t> since_us_;
  std::int64_t progress_us_ = 0, election_us_ = 0;
  Zxid applied_, durable_;
  std::size_t elections_ = 0;
};

}  // namespace muster::simulation
