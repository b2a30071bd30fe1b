// The one thread that waits for the disk: the log's writes and reads, in the order in which they were handed
// over. A failure of the disk ends the process there and then, with status 3: nothing may be acknowledged
// after it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/broadcast/peer.h"
#include "server/storage/durable.h"

namespace muster::runtime {

inline constexpr int exit_disk_failed = 3;

// Logs `why` and ends the process.
[[noreturn]] void die_of_disk(const std::string& why);

class DiskThread {
 public:
  // Both are called on the disk thread.
  struct Report {
    std::function<void(broadcast::Ticket ticket)> persisted;
    std::function<void(broadcast::Ticket ticket, std::vector<broadcast::Entry> entries)> fetched;
  };

  // From here on `durable` belongs to the thread.
  DiskThread(storage::Durable& durable, Report report);
  ~DiskThread();
  DiskThread(const DiskThread&) = delete;
  DiskThread& operator=(const DiskThread&) = delete;

  void persist(broadcast::Persist work);
  void fetch(broadcast::Fetch work);
  // Any other disk work.
  void run(std::function<void()> work);
  // Does what was handed over, then ends the thread. Nothing may be handed over after it.
  void finish();

 private:
  void loop();

  storage::Durable& durable_;
  Report report_;
  std::mutex mutex_;  // guards the next two
  std::vector<std::function<void()>> work_;
  bool finishing_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace muster::runtime
