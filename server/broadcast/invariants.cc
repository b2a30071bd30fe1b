#include "server/broadcast/invariants.h"

#include "common/check.h"

namespace muster::broadcast {

void check_invariants(const Core& core) {
  CHECK(core.delivered <= core.committed, "only what is committed is delivered");
  CHECK(core.committed <= core.history.last(), "what is committed is in the log");
  CHECK(core.outbox.durable() <= core.history.last(), "what counts as durable is in the log");
  CHECK(core.history.first() <= core.delivered.next(), "what is not delivered is in memory");
  CHECK(core.history.floor() <= core.delivered, "what has gone from the log was delivered");
  CHECK(core.history.last_epoch() <= core.hard.epoch, "no entry is of an epoch not yet adopted");
  CHECK(core.outbox.durable_hard_state().epoch <= core.hard.epoch, "the epoch never falls");
  CHECK(core.memberships.back().first <= core.history.last(), "the membership is that of the log");
}

}  // namespace muster::broadcast
