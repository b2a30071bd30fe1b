// What of the disk's state is worth a sentence in the server's log: one when it begins, one when it ends.
#pragma once

#include <cstdint>
#include <string>

#include "server/node/node.h"

namespace muster::runtime {

class DiskLog {
 public:
  DiskLog(std::string data_dir, std::int64_t stall_ms)
      : data_dir_(std::move(data_dir)), stall_ms_(stall_ms) {}

  void tell(const node::DiskNews& news);

 private:
  void tell_own(broadcast::Disk own) const;

  std::string data_dir_;
  std::int64_t stall_ms_;
  node::DiskNews told_;
};

}  // namespace muster::runtime
