// The one thread that waits for the store of checkpoints, so that the log's disk work never waits for it.
#pragma once

#include <functional>

#include "server/node/checkpoint.h"
#include "server/runtime/work_thread.h"
#include "server/storage/state_store.h"

namespace muster::runtime {

class CheckpointThread {
 public:
  // Called on the checkpoint thread.
  using Report = std::function<void(node::CheckpointTicket ticket, node::CheckpointResult result)>;

  // From here on `store` belongs to the thread.
  CheckpointThread(storage::StateStore& store, Report report) : store_(store), report_(std::move(report)) {}

  void perform(node::CheckpointWork work);
  // Does what was handed over, then ends the thread. Nothing may be handed over after it.
  void finish() { thread_.finish(); }

 private:
  storage::StateStore& store_;
  Report report_;
  WorkThread thread_;
};

}  // namespace muster::runtime
