// One seed from beginning to end: a phase in which anything may fail, then everything heals and progress is
// demanded.
//   progress   after healing: one leader that all follow, every server's clients can write, all hold the same
//              state, all disks are whole again, our library's users have their answers
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/faults.h"
#include "tests/simulation/host.h"
#include "tests/simulation/own_client.h"
#include "tests/simulation/recipe_client.h"
#include "tests/simulation/run.h"
#include "tests/simulation/stock_client.h"

namespace muster::simulation {

class World {
 public:
  explicit World(const RunOptions& options);
  [[nodiscard]] RunResult run();
  [[nodiscard]] const Profile& profile() const { return profile_; }

 private:
  void add_recipe_clients();
  void run_until(std::int64_t time_us);
  template <class Condition>
  void demand(const char* what, std::int64_t within_us, Condition condition);
  void heal();
  [[nodiscard]] bool one_leader() const;
  [[nodiscard]] bool probes_wrote() const;
  [[nodiscard]] ClientWorld client_world() { return {loop_, profile_, sockets_, model_, expiry_}; }
  [[nodiscard]] bool all_settled() const;
  [[nodiscard]] bool disks_whole() const;
  [[nodiscard]] bool all_at_the_end() const;
  [[nodiscard]] std::string situation() const;
  [[nodiscard]] RunResult totals() const;

  RunOptions options_;
  Random random_;
  Profile profile_;
  Loop loop_;
  Logs logs_;
  Model model_;
  Expiry expiry_;
  Network network_;
  Sockets sockets_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<std::unique_ptr<Client>> clients_, probes_;
  RecipeLedger recipes_;
  MeetingLedger meetings_;
  EditLedger edits_;
  std::vector<std::unique_ptr<RecipeClient>> recipe_clients_;  // none in some seeds
  Faults faults_;
  std::int64_t healing_us_ = 0;
};

// Runs one seed and catches what it finds.
[[nodiscard]] RunResult run_seed(const RunOptions& options);

}  // namespace muster::simulation
