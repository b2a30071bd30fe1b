// A user of the recipes for meeting: raises and lowers barriers and waits at them, enters and leaves rounds of a double barrier, and is
// a member of a group that it follows. In its process's coroutines; it is held by them.
#pragma once

#include <muster/recipes/barrier.h>
#include <muster/recipes/group.h>

#include <functional>
#include <memory>
#include <string>

#include "common/random.h"
#include "tests/simulation/checks/meetings.h"

namespace muster::simulation {

class RecipeGuest : public std::enable_shared_from_this<RecipeGuest> {
 public:
  // `id` is that of no other process, ever.
  RecipeGuest(const muster::Client& client, MeetingLedger& ledger, Random random, std::string id);

  // Ends when `silent` or with the session.
  [[nodiscard]] asio::awaitable<void> work(std::function<bool()> silent, std::int64_t think_ms);
  [[nodiscard]] asio::awaitable<void> watch_group();  // ends with the session
  // The group that it follows is the tree's. True of a session that is over.
  [[nodiscard]] bool shows(const tree::Tree& tree) const;

 private:
  asio::awaitable<void> step();
  asio::awaitable<void> join();
  asio::awaitable<void> raise_or_lower();
  asio::awaitable<void> wait_at_barrier();
  asio::awaitable<void> meet();
  [[nodiscard]] std::chrono::milliseconds some_ms(std::int64_t low, std::int64_t high) {
    return std::chrono::milliseconds(random_.between(low, high));
  }
  [[nodiscard]] MeetingLedger::Certain certain();

  muster::Client client_;
  MeetingLedger& ledger_;
  Random random_;
  std::string id_;
  int raised_ = 0;  // the barrier that it raised, and has to lower
  recipes::Membership membership_;
  recipes::Members members_;  // as it was told last
};

// Where its group is.
inline constexpr const char* group_root = "/recipes/group";

}  // namespace muster::simulation
