// What the recipes for meeting promise, whoever uses them:
//   barrier          it let somebody through who came after it was raised, before anyone began to lower it
//   double-barrier   one was let in before all had come, or let out while another, surely alive, had not begun to leave
//   group            a member is missing at the end though its session lives (that each follows it, its users show)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "server/tree/tree.h"

namespace muster::simulation {

class MeetingLedger {
 public:
  // A barrier's path serves one raise and one lowering, so that whoever died in the middle of one bends no later judgement.
  struct Raised {
    int number = 0;  // 0: none stands
    bool lowering = false, lowered = false;
  };
  [[nodiscard]] int new_barrier() { return ++barriers_; }
  void raised(int number) { raised_ = {number, false, false}; }
  [[nodiscard]] Raised& barrier() { return raised_; }
  void passed(int number) const;  // a wait that began when it stood

  // A round of a double barrier takes `round_size` and nobody else.
  static constexpr std::size_t round_size = 2;
  using Certain = std::function<bool()>;  // whether a session's own clock says that it lives
  struct Place {
    int round = 0;
    std::size_t number = 0;
  };
  [[nodiscard]] Place take_place(Certain certain);
  void entered(Place place);
  void begins_to_leave(Place place);
  void left(Place place);
  [[nodiscard]] std::uint64_t rounds() const { return met_; }

  void joined(const std::string& id, Certain certain) { members_[id] = std::move(certain); }
  // When all is quiet.
  void check_end(const tree::Tree& tree, const std::string& group) const;

 private:
  struct Guest {
    Certain certain;
    bool inside = false, leaving = false;
    std::uint64_t entered_at = 0, leaving_at = 0;  // by a count of what happened
  };
  int barriers_ = 0;
  Raised raised_;
  int round_ = 1;
  std::uint64_t moments_ = 0, met_ = 0;
  std::map<int, std::map<std::size_t, Guest>> rounds_;
  std::map<std::string, Certain> members_;
};

}  // namespace muster::simulation
