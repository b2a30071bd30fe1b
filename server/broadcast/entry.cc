#include "server/broadcast/entry.h"

#include <algorithm>

namespace muster::broadcast {

bool Membership::is_voter(ServerId id) const {
  return std::any_of(members.begin(), members.end(), [id](const Member& m) { return m.id == id && m.voter; });
}

bool Membership::contains(ServerId id) const {
  return std::any_of(members.begin(), members.end(), [id](const Member& m) { return m.id == id; });
}

std::size_t Membership::voters() const {
  return static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(), [](const Member& m) { return m.voter; }));
}

}  // namespace muster::broadcast
