// What goes wrong, and when: one generator of faults for each class that the seed's profile has, until
// healing begins. Each draws from a random source of its own, so that a class that is left out shifts no other.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "common/random.h"
#include "tests/simulation/host.h"

namespace muster::simulation {

class Faults {
 public:
  Faults(const Surroundings& around, std::vector<std::unique_ptr<Host>>& hosts, Random random);

  void start();
  void stop() {
    stopped_ = true;
    ++partition_;  // and no older one heals any more
  }

 private:
  using Action = void (Faults::*)(Random& random);
  struct Generator {
    std::int64_t mean_us;
    Action action;
    Random random;
  };

  void every(Fault fault, Action action);
  void next(Generator& generator);

  void crash(Random& random);
  void power_cut(Random& random);
  void pause(Random& random);
  void pause_shortly(Random& random);
  void wipe(Random& random);
  void transfer(Random& random);
  void hunt_leaders(Random& random);
  void hunt(Random& random, int victims);
  void set_stale_trap(Random& random);
  void hand_over_deaf(Random& random);

  void partition(Random& random);
  void make_bridge(Random& random);
  void make_ring(Random& random);
  void swizzle(Random& random);
  void break_link(Random& random);
  void delay_link(Random& random);
  void slow_link(Random& random);
  void cut_both(int a, int b);
  void isolate(int server);
  void heal_after(std::int64_t us);

  void slow_disk(Random& random);
  void stall_disk(Random& random);
  void fill_disks(Random& random);
  void fail_sync(Random& random);
  void fail_write(Random& random);
  void flip_bit(Random& random) { damage_sector(Fault::bit_flip, random); }
  void zero_sector(Random& random) { damage_sector(Fault::zeroed_sector, random); }
  void misdirect_write(Random& random) { damage_sector(Fault::misdirected_write, random); }
  void make_stale(Random& random) { damage_sector(Fault::stale_sector, random); }
  void make_unreadable(Random& random) { damage_sector(Fault::unreadable_sector, random); }
  void damage_sector(Fault damage, Random& random);
  void damage_store(Random& random);
  void make_wrong(Random& random);
  void lose_records(Random& random);
  Host* victim_of_store_damage(Random& random);

  void jump_wall_clock(Random& random);
  void break_client(Random& random);
  void stop_reading(Random& random);

  [[nodiscard]] Host& any(Random& random);
  [[nodiscard]] int leader() const;  // -1: none
  [[nodiscard]] int leader_or_any(Random& random) const;
  [[nodiscard]] bool may_wipe(int server) const;
  [[nodiscard]] int impaired() const;
  [[nodiscard]] bool may_damage_store(const Host& victim) const;

  Surroundings around_;
  std::vector<std::unique_ptr<Host>>& hosts_;
  Random random_;
  std::deque<Generator> generators_;
  bool stopped_ = false;
  std::uint64_t partition_ = 0;  // counts them: an older one's end does not heal a newer one
};

}  // namespace muster::simulation
