#include "server/broadcast/origins.h"

#include <algorithm>

#include "common/mutant.h"

namespace muster::broadcast {
namespace {

bool before(const ForwardId& entry, ServerId origin) { return entry.origin < origin; }

}  // namespace

std::uint64_t Origins::last_n(ServerId origin, std::uint64_t boot) const {
  const auto found = std::lower_bound(last_.begin(), last_.end(), origin, before);
  return found != last_.end() && found->origin == origin && found->boot == boot ? found->n : 0;
}

bool Origins::is_next(const ForwardId& id) const {
  if (mutant(Mutant::forward_accepted_out_of_order)) return true;
  return id.n == last_n(id.origin, id.boot) + 1;
}

bool Origins::accept(const ForwardId& id) {
  if (!is_next(id)) return false;
  const auto place = std::lower_bound(last_.begin(), last_.end(), id.origin, before);
  if (place != last_.end() && place->origin == id.origin) {
    *place = id;
  } else {
    last_.insert(place, id);
  }
  return true;
}

}  // namespace muster::broadcast
