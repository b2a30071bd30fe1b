// A user of the recipes: takes locks and offices, counts, puts work into a queue and does it, while its process is frozen,
// cut off and killed. What it is told is held against what the recipes promise (checks/recipes.h).
//   recipe-error   a recipe fails though its session lives
#pragma once

#include <muster/recipes/counter.h>
#include <muster/recipes/election.h>
#include <muster/recipes/lock.h>
#include <muster/recipes/queue.h>

#include <memory>
#include <string>

#include "tests/simulation/checks/recipes.h"
#include "tests/simulation/library_process.h"
#include "tests/simulation/profile.h"
#include "tests/simulation/recipe_follower.h"
#include "tests/simulation/recipe_guest.h"

namespace muster::simulation {

class RecipeClient {
 public:
  RecipeClient(Loop& loop, const Profile& profile, Sockets& sockets, RecipeLedger& ledger, EditLedger& edits,
               MeetingLedger& meetings, int index, Random random);

  void start();
  void calm_down() { calm_ = true; }   // its process is left alone
  void fall_silent();                  // and begins nothing new
  [[nodiscard]] bool settled() const;  // what it had begun has ended
  // What it follows is as the tree, or its session is over.
  [[nodiscard]] bool shows(const tree::Tree& tree) const;
  [[nodiscard]] bool served() const {
    return served_since_calm_ > 0;
  }  // it has held a lock since it was left alone

 private:
  struct Run;

  void live();
  void begin_process();
  asio::awaitable<void> work(std::shared_ptr<Run> run);
  asio::awaitable<void> hold(std::shared_ptr<Run> run, std::string lock, bool shared, std::size_t limit,
                             recipes::Lock held);
  asio::awaitable<void> lock_once(std::shared_ptr<Run> run);
  asio::awaitable<void> count_once(std::shared_ptr<Run> run);
  asio::awaitable<void> put_once(std::shared_ptr<Run> run);
  asio::awaitable<void> take_once(std::shared_ptr<Run> run);
  [[nodiscard]] std::chrono::milliseconds some_ms(std::int64_t low, std::int64_t high) {
    return std::chrono::milliseconds(random_.between(low, high));
  }

  Loop& loop_;
  const Profile& profile_;
  Sockets& sockets_;
  RecipeLedger& ledger_;
  EditLedger& edits_;
  MeetingLedger& meetings_;
  int index_;
  Random random_;
  bool calm_ = false, silent_ = false;
  std::uint64_t served_since_calm_ = 0;
  int processes_ = 0;
  std::unique_ptr<LibraryProcess> process_;
  std::shared_ptr<Run> run_;
};

// Where they do all that.
inline constexpr const char* recipes_root = "/recipes";

}  // namespace muster::simulation
