#include "tests/simulation/checks/meetings.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "tests/simulation/sim.h"

namespace muster::simulation {

void MeetingLedger::passed(int number) const {
  if (number == raised_.number && !raised_.lowering)
    broken("barrier", fmt::format("barrier {} let one through though it stands", number));
}

MeetingLedger::Place MeetingLedger::take_place(Certain certain) {
  if (rounds_[round_].size() == round_size) ++round_;
  auto& guests = rounds_[round_];
  const std::size_t number = guests.size();
  guests[number].certain = std::move(certain);
  return {round_, number};
}

void MeetingLedger::entered(Place place) {
  auto& guests = rounds_[place.round];
  if (guests.size() < round_size)
    broken("double-barrier",
           fmt::format("round {} began with {} of {}", place.round, guests.size(), round_size));
  guests[place.number].inside = true;
  guests[place.number].entered_at = ++moments_;
  ++met_;
}

void MeetingLedger::begins_to_leave(Place place) {
  Guest& guest = rounds_[place.round][place.number];
  guest.leaving = true;
  guest.leaving_at = ++moments_;
}

void MeetingLedger::left(Place place) {
  auto& guests = rounds_[place.round];
  const std::uint64_t since = guests[place.number].leaving_at;
  for (const auto& [number, other] : guests) {
    if (number == place.number || !other.inside || other.leaving || other.entered_at > since) continue;
    if (other.certain())
      broken("double-barrier", fmt::format("guest {} was let out of round {} before guest {} began to leave",
                                           place.number, place.round, number));
  }
}

void MeetingLedger::check_end(const tree::Tree& tree, const std::string& group) const {
  const std::vector<std::string> there = tree.children(group);
  for (const auto& [id, certain] : members_) {
    if (certain() && !std::binary_search(there.begin(), there.end(), id))
      broken("group", fmt::format("member {} is missing though its session lives", id));
  }
}

}  // namespace muster::simulation
