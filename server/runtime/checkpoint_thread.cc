#include "server/runtime/checkpoint_thread.h"

#include <memory>
#include <utility>

namespace muster::runtime {

void CheckpointThread::perform(node::CheckpointWork work) {
  thread_.run([this, shared = std::make_shared<node::CheckpointWork>(std::move(work))] {
    report_(shared->ticket, node::perform(*shared, store_));
  });
}

}  // namespace muster::runtime
