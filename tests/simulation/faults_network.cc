// Faults of the links between servers.
#include "tests/simulation/faults.h"
#include "tests/simulation/faults_draw.h"

namespace muster::simulation {

void Faults::break_link(Random& random) {
  const int a = static_cast<int>(random.below(hosts_.size())),
            b = static_cast<int>(random.below(hosts_.size()));
  if (a != b) around_.network.break_link(a, b);
}

// As when a packet is lost and sent again: all that follows it waits.
void Faults::delay_link(Random& random) {
  const int from = leader_or_any(random), to = static_cast<int>(random.below(hosts_.size()));
  if (from == to || around_.network.cut_off(from, to)) return;
  around_.loop.fault(Fault::link_hiccup, {from + 1, to + 1});
  around_.network.cut(from, to);
  around_.loop.after(random.between(1000, around_.profile.election_ms * 1000),
                     [this, from, to] { around_.network.heal(from, to); });
}

void Faults::slow_link(Random& random) {
  const int from = leader_or_any(random), to = static_cast<int>(random.below(hosts_.size()));
  if (from == to) return;
  around_.network.slow_down(from, to, random.between(1000, 50'000), spread(random, 200'000, 20'000'000));
}

void Faults::isolate(int server) {
  for (int other = 0; other < static_cast<int>(hosts_.size()); ++other)
    if (other != server) cut_both(server, other);
}

void Faults::cut_both(int a, int b) {
  around_.network.cut(a, b);
  around_.network.cut(b, a);
}

// Both halves have a majority with the one in the middle, if it is one of few.
void Faults::make_bridge(Random& random) {
  const auto servers = static_cast<int>(hosts_.size());
  if (servers < 3) return;
  around_.loop.fault(Fault::bridge);
  const int middle = static_cast<int>(random.below(hosts_.size()));
  const std::uint64_t group = random.next();
  for (int a = 0; a < servers; ++a) {
    for (int b = a + 1; b < servers; ++b)
      if (a != middle && b != middle && (group >> a & 1U) != (group >> b & 1U)) cut_both(a, b);
  }
  heal_after(
      spread(random, around_.profile.partition_length_us / 8 + 1, around_.profile.partition_length_us * 2));
}

// With five servers each has a majority with its neighbours, and no two the same.
void Faults::make_ring(Random& random) {
  const auto servers = static_cast<int>(hosts_.size());
  if (servers < 4) return;
  around_.loop.fault(Fault::ring);
  for (int a = 0; a < servers; ++a) {
    for (int b = a + 2; b < servers; ++b)
      if (a != 0 || b != servers - 1) cut_both(a, b);
  }
  heal_after(
      spread(random, around_.profile.partition_length_us / 8 + 1, around_.profile.partition_length_us * 2));
}

// One link after another stops, and each comes back when its own time is over.
void Faults::swizzle(Random& random) {
  const auto servers = static_cast<int>(hosts_.size());
  if (servers < 2) return;
  around_.loop.fault(Fault::swizzle);
  const std::int64_t length_us = around_.profile.partition_length_us;
  for (int from = 0; from < servers; ++from) {
    for (int to = 0; to < servers; ++to) {
      if (from == to || random.chance(1, 2)) continue;
      const std::int64_t stops_us = random.between(0, length_us);
      around_.loop.after(stops_us, [this, from, to] {
        if (!stopped_) around_.network.cut(from, to);
      });
      around_.loop.after(stops_us + random.between(1, length_us),
                         [this, from, to] { around_.network.heal(from, to); });
    }
  }
}

void Faults::heal_after(std::int64_t us) {
  const std::uint64_t partition = ++partition_;
  around_.loop.after(us, [this, partition] {
    if (partition == partition_) around_.network.heal_all();
  });
}

void Faults::partition(Random& random) {
  const auto servers = static_cast<int>(hosts_.size());
  if (servers == 1) return;
  around_.loop.fault(Fault::partition);
  const int one = leader_or_any(random);
  switch (random.below(4)) {
    case 0:
      isolate(one);
      break;
    case 1:  // any directions
      for (int from = 0; from < servers; ++from) {
        for (int to = 0; to < servers; ++to) {
          if (from != to && random.chance(1, 3)) around_.network.cut(from, to);
        }
      }
      break;
    case 2:  // one is not heard, or does not hear
      for (int other = 0; other < servers; ++other) {
        if (other == one) continue;
        random.chance(1, 2) ? around_.network.cut(one, other) : around_.network.cut(other, one);
      }
      break;
    default: {  // two groups
      const std::uint64_t group = random.next();
      for (int from = 0; from < servers; ++from) {
        for (int to = 0; to < servers; ++to) {
          if (from != to && (group >> from & 1U) != (group >> to & 1U)) around_.network.cut(from, to);
        }
      }
    }
  }
  heal_after(
      spread(random, around_.profile.partition_length_us / 8 + 1, around_.profile.partition_length_us * 2));
}

}  // namespace muster::simulation
