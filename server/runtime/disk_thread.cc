#include "server/runtime/disk_thread.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace muster::runtime {

void DiskThread::persist(broadcast::Persist work) {
  // std::function must be copyable; the entries are not copied with it.
  run([this, shared = std::make_shared<broadcast::Persist>(std::move(work))] {
    durable_.perform(*shared);
    report_.persisted(shared->ticket);
  });
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
