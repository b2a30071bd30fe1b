#include "server/runtime/disk_thread.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace muster::runtime {

void DiskThread::persist(broadcast::Persist work) {
  // std::function must be copyable; the entries are not copied with it.
  run([this, shared = std::make_shared<broadcast::Persist>(std::move(work))] {
    waiting_ = std::move(*shared);
    perform_waiting();
  });
}

void DiskThread::check_room() {
  if (checking_.exchange(true)) return;
  run([this] {
    checking_ = false;
    durable_.prepare();
    perform_waiting();
  });
}

void DiskThread::perform_waiting() {
  if (waiting_ && durable_.make_room(*waiting_)) {
    durable_.perform(*waiting_);
    report_.persisted(waiting_->ticket);
    waiting_.reset();
  }
  if (durable_.room() == told_room_) return;
  told_room_ = durable_.room();
  report_.room(told_room_);
}

void DiskThread::fetch(broadcast::Fetch work) {
  run([this, work] {
    // A truncation or a purge that came in between may have taken the range; then its asker has no use for it.
    const Zxid to = std::min(work.to, durable_.last());
    const bool gone = work.from > to || work.from < durable_.first();
    report_.fetched(work.ticket,
                    gone ? std::vector<broadcast::Entry>() : durable_.read(work.from, to, work.max_bytes));
  });
}

}  // namespace muster::runtime
