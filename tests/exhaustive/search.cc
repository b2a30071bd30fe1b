#include "tests/exhaustive/search.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/exhaustive/hash.h"

namespace muster::exhaustive {
namespace {

// The states of one depth with their numbers, packed one after the other.
class Frontier {
 public:
  void add(std::uint32_t number, std::string_view packed) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + header);
    const auto length = static_cast<std::uint16_t>(packed.size());
    std::memcpy(&bytes_[at], &number, sizeof number);
    std::memcpy(&bytes_[at + sizeof number], &length, sizeof length);
    bytes_ += packed;
    ++size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Also of those that `act` adds. It returns whether to go on.
  template <class Act>
  bool for_each(Act&& act) const {
    for (std::size_t at = 0; at < bytes_.size();) {
      std::uint32_t number = 0;
      std::uint16_t length = 0;
      std::memcpy(&number, &bytes_[at], sizeof number);
      std::memcpy(&length, &bytes_[at + sizeof number], sizeof length);
      const World world = World::unpack(std::string_view(bytes_).substr(at + header, length));
      if (!act(world, number)) return false;
      at += header + length;
    }
    return true;
  }

 private:
  static constexpr std::size_t header = sizeof(std::uint32_t) + sizeof(std::uint16_t);
  std::string bytes_;
  std::size_t size_ = 0;
};

class Search {
 public:
  Search(Ensemble& ensemble, Order order, const Limits& limits)
      : ensemble_(ensemble), order_(order), limits_(limits) {}

  Finding run(const Bounds& bounds, const std::function<void(const Level&)>& on_level);

 private:
  struct Origin {
    std::uint32_t parent;
    Choice choice;
  };

  // These return false at what is broken and at the limit.
  bool settle(Frontier& frontier);  // adds what comes of its states by itself
  bool choose(const Frontier& frontier, Frontier& next);
  bool take(World world, std::uint32_t number, const Choice& choice, Frontier& next);
  bool meet(const World& world, std::uint32_t parent, const Choice& choice, Frontier& next);
  bool report(const std::string& broken, std::uint32_t parent, const Choice& choice);

  Ensemble& ensemble_;
  Order order_;
  const Limits& limits_;
  HashSet seen_;
  std::vector<Origin> origins_;  // of each state, in the order in which they were met
  Finding found_;
  std::vector<Choice> choices_;
};

bool Search::report(const std::string& broken, std::uint32_t parent, const Choice& choice) {
  found_.broken = broken;
  found_.way = {choice};
  for (; parent != 0; parent = origins_[parent].parent) found_.way.push_back(origins_[parent].choice);
  std::reverse(found_.way.begin(), found_.way.end());
  return false;
}

bool Search::meet(const World& world, std::uint32_t parent, const Choice& choice, Frontier& next) {
  const std::string packed = world.pack();
  if (!seen_.insert(hash(packed))) return true;
  const std::string broken = ensemble_.judge(world);
  if (!broken.empty()) return report(broken, parent, choice);
  next.add(static_cast<std::uint32_t>(origins_.size()), packed);
  origins_.push_back(Origin{parent, choice});
  return origins_.size() < limits_.states;
}

bool Search::take(World world, std::uint32_t number, const Choice& choice, Frontier& next) {
  ++found_.steps;
  const std::string broken = ensemble_.apply(world, choice);
  return broken.empty() ? meet(world, number, choice, next) : report(broken, number, choice);
}

bool Search::settle(Frontier& frontier) {
  return frontier.for_each([&](const World& world, std::uint32_t number) {
    const auto choice = ensemble_.next_by_itself(world);
    return !choice || take(world, number, *choice, frontier);
  });
}

bool Search::choose(const Frontier& frontier, Frontier& next) {
  return frontier.for_each([&](const World& world, std::uint32_t number) {
    ensemble_.choices(world, order_, choices_);
    return std::all_of(choices_.begin(), choices_.end(),
                       [&](const Choice& choice) { return take(world, number, choice, next); });
  });
}

Finding Search::run(const Bounds& bounds, const std::function<void(const Level&)>& on_level) {
  Frontier frontier;
  bool going = meet(ensemble_.founded(bounds), 0, Choice{}, frontier);
  while (going) {
    going = order_ == Order::any || settle(frontier);
    if (!going) break;
    on_level(Level{found_.depth, origins_.size(), frontier.size()});
    if (found_.depth == limits_.depth) break;
    Frontier next;
    going = choose(frontier, next);
    found_.complete = going && next.size() == 0;
    if (!going || found_.complete) break;
    frontier = std::move(next);
    ++found_.depth;
  }
  found_.states = origins_.size();
  return std::move(found_);
}

}  // namespace

Finding search(Ensemble& ensemble, const Bounds& bounds, Order order, const Limits& limits,
               const std::function<void(const Level&)>& on_level) {
  return Search(ensemble, order, limits).run(bounds, on_level);
}

}  // namespace muster::exhaustive
