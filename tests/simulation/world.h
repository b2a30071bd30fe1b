// One seed from beginning to end: a phase in which anything may fail; then a random majority is healed, and must do without
// the rest; then everything heals. Progress is demanded of both.
//   progress     of the majority: one leader that all of it follows, and a write through each of its servers, within what
//                checks/stability.h says. After healing all: the same for every server, all hold the same state, all disks
//                are whole again, everybody has their answers
//   quiescence   when nobody asks for anything, nothing is left waiting and nothing grows
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/checks/stability.h"
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
  void look();  // again and again
  void end_faults();
  void heal_majority();
  [[nodiscard]] std::vector<int> draw_majority(Random& random) const;
  void leave_failed(int server, const std::vector<int>& majority, Random& random);
  [[nodiscard]] bool must_give_state(const std::vector<int>& servers) const;
  void heal_all();
  void start_probe(int server);
  void settle();
  void check_quiescence();
  void check_end();
  [[nodiscard]] bool one_leader(const std::vector<int>& servers) const;
  [[nodiscard]] bool have_applied(const std::vector<int>& servers, Zxid zxid) const;
  [[nodiscard]] std::uint64_t probe_writes(int server) const;
  [[nodiscard]] std::vector<int> all_servers() const;
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
  std::vector<std::unique_ptr<Client>> clients_;
  std::map<int, std::unique_ptr<Client>> probes_;  // by the server that each stays at
  RecipeLedger recipes_;
  MeetingLedger meetings_;
  EditLedger edits_;
  std::vector<std::unique_ptr<RecipeClient>> recipe_clients_;  // none in some seeds
  Faults faults_;
  Stability stability_;
  std::int64_t healing_us_ = 0;
};

// Runs one seed and catches what it finds.
[[nodiscard]] RunResult run_seed(const RunOptions& options);

}  // namespace muster::simulation
