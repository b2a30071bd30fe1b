// The one thread that waits for the log's disk: its writes and reads, in the order in which they were handed over.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
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
    std::function<void(bool room)> room;  // when it has changed; at first there is some
  };

  // From here on `durable` belongs to the thread.
  DiskThread(storage::Durable& durable, Report report) : durable_(durable), report_(std::move(report)) {}

  // One for which there is no room waits until there is.
  void persist(broadcast::Persist work);
  // Looks whether there is room now; to be called now and then.
  void check_room();
  void fetch(broadcast::Fetch work);
  // Any other disk work.
  void run(std::function<void()> work) { thread_.run(std::move(work)); }
  // Does what was handed over, then ends the thread. Nothing may be handed over after it.
  void finish() { thread_.finish(); }

 private:
  // On the thread.
  void perform_waiting();

  storage::Durable& durable_;
  Report report_;
  std::atomic<bool> checking_ =
      false;  // a look is handed over and not yet taken: a disk that hangs gets no heap of them
  std::optional<broadcast::Persist> waiting_;  // this and the next: the thread's
  bool told_room_ = true;
  WorkThread thread_;
};

}  // namespace muster::runtime
