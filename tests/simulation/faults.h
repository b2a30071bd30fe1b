// What goes wrong, and when: one generator of faults for each class that the seed's profile has, until
// healing begins.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/random.h"
#include "tests/simulation/host.h"

namespace muster::simulation {

class Faults {
 public:
  struct Counts {
    std::uint64_t wipes = 0, partitions = 0, pauses = 0, power_cuts = 0, transfers = 0, hunts = 0, traps = 0;
  };

  Faults(const Surroundings& around, std::vector<std::unique_ptr<Host>>& hosts, Random random);

  void start();
  void stop() { stopped_ = true; }
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  using Action = std::function<void()>;

  void every(std::int64_t mean_us, Action action);
  void crash();
  void power_cut();
  void fill_disks();
  void pause();
  void partition();
  void wipe();
  void hunt_leaders(int victims);
  void stale_trap();
  void isolate(int server);
  void heal_after(std::int64_t us);
  [[nodiscard]] Host& any();
  [[nodiscard]] int leader() const;  // -1: none
  [[nodiscard]] bool may_wipe(int server) const;
  [[nodiscard]] bool may_damage_store(const Host& victim) const;
  void make_wrong();
  [[nodiscard]] std::int64_t spread(std::int64_t low, std::int64_t high);

  Surroundings around_;
  std::vector<std::unique_ptr<Host>>& hosts_;
  Random random_;
  bool stopped_ = false;
  std::uint64_t partition_ = 0;  // counts them: an older one's end does not heal a newer one
  Counts counts_;
};

}  // namespace muster::simulation
