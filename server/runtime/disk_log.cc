#include "server/runtime/disk_log.h"

#include <fmt/format.h>

#include "server/runtime/logging.h"

namespace muster::runtime {

using broadcast::Disk;

void DiskLog::tell(const node::DiskNews& news) {
  if (news.own != told_.own) tell_own(news.own);
  if (news.takes_writes != told_.takes_writes) {
    if (news.takes_writes)
      log::info("a quorum of the servers has room again: writes are taken");
    else
      log::error(
          "no quorum of the servers has room on its disk: writes are refused, reads go on. Free some space; "
          "writes are "
          "taken again as soon as there is room");
  }
  told_ = news;
}

void DiskLog::tell_own(Disk own) const {
  switch (own) {
    case Disk::full:
      return log::error(fmt::format(
          "no room in {} for the log's next segment: this server does not lead and sends its clients away as "
          "long as others have room. Free some space there; it goes on by itself",
          data_dir_));
    case Disk::stalled:
      return log::error(
          fmt::format("a write to the log in {} has not come back for {} ms: this server does not lead and "
                      "sends its clients away "
                      "as long as the others' disks answer. Check the disk; it goes on by itself",
                      data_dir_, stall_ms_));
    case Disk::well:
    case Disk::absent:
      break;
  }
  log::info(told_.own == Disk::full ? fmt::format("there is room in {} for the log again", data_dir_)
                                    : fmt::format("the log in {} moves again", data_dir_));
}

}  // namespace muster::runtime
