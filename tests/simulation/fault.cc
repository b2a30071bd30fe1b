#include "tests/simulation/fault.h"

#include <fmt/format.h>

#include <sstream>

namespace muster::simulation {
namespace {

constexpr RateUnit often = RateUnit::mean_us, moments = RateUnit::per_thousand, share = RateUnit::percent;

// In the order of the enumeration.
constexpr std::array<FaultClass, fault_count> classes = {{
    {"crash", often},
    {"power-cut", often},
    {"pause", often},
    {"wipe", often},
    {"crash-at-vote", moments},
    {"crash-in-vote-write", moments},
    {"crash-in-log-write", moments},
    {"crash-at-ack", moments},
    {"crash-at-reply", moments},
    {"crash-in-recovery", moments},
    {"crash-in-checkpoint", moments},
    {"leader-hunt", often},
    {"stale-trap", often},
    {"transfer", often},
    {"partition", often},
    {"bridge", often},
    {"ring", often},
    {"swizzle", often},
    {"link-break", often},
    {"half-open", share},
    {"slow-disk", often},
    {"stalled-disk", often},
    {"full-disk", often},
    {"no-room", moments},
    {"sync-error", often},
    {"write-error", often},
    {"bit-flip", often},
    {"zeroed-sector", often},
    {"misdirected-write", often},
    {"stale-sector", often},
    {"unreadable-sector", often},
    {"store-damage", often},
    {"wrong-state", often},
    {"wall-jump", often},
    {"uptime-wrap", share},
    {"client-break", often},
    {"cut-in-frame", share},
    {"xid-wrap", share},
    {"client-moves", share},
    {"client-leaves", share},
    {"client-closes", share},
    {"link-hiccup", often},
    {"short-pause", often},
    {"deaf-handover", often},
    {"client-dawdles", share},
    {"clock-drift", share},
    {"slow-link", often},
    {"slow-reader", often},
    {"flood", share},
    {"second-hello", share},
    {"lost-records", often},
}};
static_assert(!classes.back().name.empty(), "each class has a name");

}  // namespace

const FaultClass& describe(Fault fault) { return classes[static_cast<std::size_t>(fault)]; }

std::optional<Fault> fault_named(std::string_view name) {
  for (std::size_t i = 0; i < fault_count; ++i)
    if (classes[i].name == name) return static_cast<Fault>(i);
  return std::nullopt;
}

}  // namespace muster::simulation
