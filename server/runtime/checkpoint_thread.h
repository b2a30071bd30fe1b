// The one thread that waits for the store of checkpoints, so that the log's disk work never waits for it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/node/checkpoint.h"
#include "server/node/state_messages.h"
#include "server/runtime/work_thread.h"
#include "server/storage/state_desk.h"
#include "server/storage/state_store.h"

namespace muster::runtime {

class CheckpointThread {
 public:
  // Called on the checkpoint thread.
  struct Report {
    std::function<void(node::CheckpointTicket ticket, node::CheckpointResult result)> checkpoint;
    std::function<void(node::TransferId id, std::string meta)> opened;
    std::function<void(node::TransferId id, std::vector<tree::Record> records)> read;
    std::function<void(std::uint64_t ticket, bool room)> written;
  };

  // From here on `store` belongs to the thread.
  CheckpointThread(storage::StateStore& store, Report report)
      : store_(store), desk_(store), report_(std::move(report)) {}

  void perform(node::CheckpointWork work);
  void perform(node::StateRead work);
  void perform(node::StateWrite work);
  // Does what was handed over, then ends the thread. Nothing may be handed over after it.
  void finish() { thread_.finish(); }

 private:
  storage::StateStore& store_;
  storage::StateDesk desk_;
  Report report_;
  WorkThread thread_{true};  // in the background
};

}  // namespace muster::runtime
