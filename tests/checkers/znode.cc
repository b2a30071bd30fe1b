#include "tests/checkers/znode.h"

namespace muster::checkers {
namespace {

// The outcome that a write has there.
Outcome outcome_of(const Znode& znode, const Operation& write) {
  if (write.kind == Kind::create) return znode.exists ? Outcome::node_exists : Outcome::ok;
  if (!znode.exists) return Outcome::no_node;
  return write.expected == -1 || write.expected == znode.version ? Outcome::ok : Outcome::bad_version;
}

bool shows(const Znode& znode, const Operation& read) {
  if (read.outcome == Outcome::no_node) return !znode.exists;
  return read.outcome == Outcome::ok && znode.exists && read.value == znode.value &&
         read.version == znode.version;
}

}  // namespace

bool takes_effect(const Znode& znode, const Operation& write) {
  return outcome_of(znode, write) == Outcome::ok;
}

Znode written(const Znode& znode, const Operation& write) {
  if (write.kind == Kind::remove) return {};
  return {true, write.value, write.kind == Kind::create ? 0 : znode.version + 1};
}

std::optional<Znode> after(const Znode& znode, const Operation& op) {
  if (op.is_read()) return shows(znode, op) ? std::optional(znode) : std::nullopt;
  const Outcome outcome = outcome_of(znode, op);
  const Znode next = outcome == Outcome::ok ? written(znode, op) : znode;
  if (op.outcome == Outcome::unknown) return next;
  if (op.outcome != outcome) return std::nullopt;
  const bool tells_version = outcome == Outcome::ok && op.kind != Kind::remove;
  return !tells_version || op.version == next.version ? std::optional(next) : std::nullopt;
}

}  // namespace muster::checkers
