#include "server/runtime/checkpoint_thread.h"

#include <memory>
#include <utility>

#include "server/node/state_work.h"

namespace muster::runtime {

void CheckpointThread::perform(node::CheckpointWork work) {
  thread_.run([this, shared = std::make_shared<node::CheckpointWork>(std::move(work))] {
    report_.checkpoint(shared->ticket, node::perform(*shared, store_));
  });
}

void CheckpointThread::perform(node::StateRead work) {
  thread_.run([this, work] { node::perform(work, desk_, report_.opened, report_.read); });
}

void CheckpointThread::perform(node::StateWrite work) {
  thread_.run([this, shared = std::make_shared<node::StateWrite>(std::move(work))] {
    report_.written(shared->ticket, node::perform(*shared, desk_));
  });
}

}  // namespace muster::runtime
