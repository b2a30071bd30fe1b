// The small world: three servers, the streams between them, and what may still happen.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/exhaustive/rules.h"

namespace muster::exhaustive {

// How often each may happen.
struct Bounds {
  std::uint8_t writes = 2, crashes = 2, partitions = 1, time_outs = 3, barriers = 0, holds = 0;
};

struct World {
  using Stream = std::vector<MessageNumber>;

  Servers servers{};
  std::array<std::array<Stream, ensemble_size + 1>, ensemble_size + 1> streams;  // [from][to], in order
  std::array<std::array<bool, ensemble_size + 1>, ensemble_size + 1>
      broken{};  // both ways: nothing gets in any more
  std::array<std::array<bool, ensemble_size + 1>, ensemble_size + 1> noticed{};  // [at][peer]
  std::array<std::array<bool, ensemble_size + 1>, ensemble_size + 1>
      held{};                 // [from][to]; [id][id]: its disk
  std::uint8_t isolated = 0;  // cut off from the others; 0: nobody
  Bounds left;
  RecordNumber record = 0;

  // Whole, and equal for equal worlds.
  [[nodiscard]] std::string pack() const;
  [[nodiscard]] static World unpack(std::string_view bytes);
};

// One thing that may happen next.
struct Choice {
  enum class Kind : std::uint8_t {
    deliver,  // the first message on its way from a to b
    disk,     // a's write in flight is done
    notice,   // a notices that the link to b is broken; what was under way from there is lost
    start,    // a, and its links to all that it reaches
    propose,  // a client of a writes
    barrier,  // a client of a asks for what is newest
    time_out,
    crash,    // of a; b: how much of its write in flight was done
    isolate,  // a
    heal,
    hold,  // what goes from a to b waits; a's disk, if a is b
    release,
  };
  Kind kind = Kind::deliver;
  std::uint8_t a = 0, b = 0;
};

enum class Order : std::uint8_t {
  any,       // whatever can happen next is a choice
  settling,  // things take their course in a fixed order; a choice is what interferes: to hold back, to crash, …
};

class Ensemble {
 public:
  // Founded, at rest, led by server 1.
  [[nodiscard]] World founded(const Bounds& bounds);
  void choices(const World& world, Order order, std::vector<Choice>& out) const;
  // The one that happens by itself in Order::settling: of messages, disks and broken links, in a fixed order, what is not held.
  [[nodiscard]] std::optional<Choice> next_by_itself(const World& world) const;
  // What is broken by it, or nothing.
  std::string apply(World& world, const Choice& choice);
  [[nodiscard]] std::string judge(const World& world) const;
  // In words: what happens, and the state of whom it happens to.
  [[nodiscard]] std::string tell(const World& before, const Choice& choice) const;
  [[nodiscard]] std::string tell(const World& world, int id) const;
  [[nodiscard]] const Catalogue& catalogue() const { return catalogue_; }

 private:
  std::string input(World& world, int id, const Input& input, MessageNumber message = 0);
  std::string start(World& world, int id);
  std::string connect(World& world, int a, int b);
  std::string heal(World& world);
  void crash(World& world, int id);
  void add_faults(const World& world, int id, std::vector<Choice>& out) const;
  void add_interferences(const World& world, std::vector<Choice>& out) const;
  static void sever(World& world, int a, int b);

  Catalogue catalogue_;
  Rules rules_{catalogue_};
};

}  // namespace muster::exhaustive
