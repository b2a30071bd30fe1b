#include "tests/simulation/checks/recipes.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "tests/simulation/sim.h"

namespace muster::simulation {

std::uint64_t RecipeLedger::holds(const std::string& lock, bool shared, Zxid token, std::size_t limit,
                                  std::function<bool()> certain) {
  ++grants_;
  auto& holders = holders_[lock];
  std::size_t certain_ones = 1;
  for (const auto& [number, other] : holders) {
    if (!other.certain()) continue;
    ++certain_ones;
    if (limit == 0 && !(shared && other.shared)) {
      broken("two-holders", fmt::format("{} is given with token {} while {} holds it", lock, token.value,
                                        other.token.value));
    }
  }
  if (limit > 0 && certain_ones > limit)
    broken("two-holders", fmt::format("{} is held {} times", lock, certain_ones));
  if (limit == 0 && !shared) {
    Zxid& last = last_token_[lock];
    if (token <= last)
      broken("token-order", fmt::format("{} is given with token {} after {}", lock, token.value, last.value));
    last = token;
  }
  const std::uint64_t number = ++last_number_;
  holders.emplace(number, Holder{number, shared, token, std::move(certain)});
  return number;
}

void RecipeLedger::released(const std::string& lock, std::uint64_t number) { holders_[lock].erase(number); }

void RecipeLedger::wrote(const std::string& lock, Zxid token, Zxid done) {
  auto& writes = writes_[lock];
  const auto at = writes.emplace(done, token).first;
  const auto stale = [&](Zxid earlier, Zxid later) {
    if (earlier > later)
      broken("stale-write", fmt::format("{}: the holder of token {} wrote after that of {}", lock,
                                        later.value, earlier.value));
  };
  if (at != writes.begin()) stale(std::prev(at)->second, token);
  if (const auto next = std::next(at); next != writes.end()) stale(token, next->second);
}

void RecipeLedger::finished(const std::string& item) {
  if (!finished_.insert(item).second) broken("queue", fmt::format("item {} is finished twice", item));
}

bool RecipeLedger::all_left(const tree::Tree& tree, const std::string& root) {
  for (const char* queue :
       {"mutex", "rw", "election", "semaphore/locks", "semaphore/leases", "queue/takers", "queue/taken"}) {
    if (!tree.children(root + "/" + queue).empty()) return false;
  }
  return true;
}

void RecipeLedger::check_end(const tree::Tree& tree, const std::string& counter, const std::string& entries,
                             const std::string& done) const {
  const auto node = tree.data(counter);
  const std::int64_t value = node ? std::atoll(node->data.value_or("0").c_str()) : 0;
  if (value < sum_ || value > sum_ + in_doubt_) {
    broken("counter",
           fmt::format("the counter is {}; {} were added, and perhaps {} more", value, sum_, in_doubt_));
  }
  std::set<std::string> waiting;
  for (const std::string& name : tree.children(entries)) {
    const std::string item = tree.data(entries + "/" + name)->data.value_or("");
    if (!waiting.insert(item).second) broken("queue", fmt::format("item {} is in the queue twice", item));
  }
  const std::vector<std::string> all_done = tree.children(done);
  for (const std::string& item : put_) {
    const bool is_done = std::binary_search(all_done.begin(), all_done.end(), item);
    if (is_done == waiting.contains(item))
      broken("queue", fmt::format("item {} is {}", item, is_done ? "done and in the queue" : "lost"));
  }
  for (const std::string& item : finished_) {
    if (waiting.contains(item)) broken("queue", fmt::format("item {} is finished and in the queue", item));
  }
}

}  // namespace muster::simulation
