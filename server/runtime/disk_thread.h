// The one thread that waits for the log's disk: its writes and reads, in the order in which they were handed over.
#pragma once

#include <functional>
#include <vector>

#include "server/broadcast/peer.h"
#include "server/runtime/work_thread.h"
#include "server/storage/durable.h"

namespace muster::runtime {

class DiskThread {
 public:
  // Both are called on the disk thread.
  struct Report {
    std::function<void(broadcast::Ticket ticket)> persisted;
    std::function<void(broadcast::Ticket ticket, std::vector<broadcast::Entry> entries)> fetched;
  };

  // From here on `durable` belongs to the thread.
  DiskThread(storage::Durable& durable, Report report) : durable_(durable), report_(std::move(report)) {}

  void persist(broadcast::Persist work);
  void fetch(broadcast::Fetch work);
  // Any other disk work.
  void run(std::function<void()> work) { thread_.run(std::move(work)); }
  // Does what was handed over, then ends the thread. Nothing may be handed over after it.
  void finish() { thread_.finish(); }

 private:
  storage::Durable& durable_;
  Report report_;
  WorkThread thread_;
};

}  // namespace muster::runtime
