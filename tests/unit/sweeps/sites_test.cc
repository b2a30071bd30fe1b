// Every sync is needed: with one of them gone, something that was acknowledged is lost.
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <utility>

#include "tests/support/crash_images.h"
#include "tests/unit/sweeps/stories.h"

using namespace muster;
using namespace muster::sweeps;
using storage::SyncSite;

namespace {

const char* name_of(SyncSite site) {
  switch (site) {
    case SyncSite::directory:
      return "directory";
    case SyncSite::identity:
      return "identity";
    case SyncSite::identity_name:
      return "identity_name";
    case SyncSite::vote:
      return "vote";
    case SyncSite::vote_name:
      return "vote_name";
    case SyncSite::log_batch:
      return "log_batch";
    case SyncSite::log_segment_end:
      return "log_segment_end";
    case SyncSite::log_segment:
      return "log_segment";
    case SyncSite::log_segment_name:
      return "log_segment_name";
    case SyncSite::log_segment_removed:
      return "log_segment_removed";
    case SyncSite::log_segment_recycled:
      return "log_segment_recycled";
    case SyncSite::log_set_aside:
      return "log_set_aside";
    case SyncSite::log_absence:
      return "log_absence";
    case SyncSite::spare_slice:
      return "spare_slice";
    case SyncSite::store_batch:
      return "store_batch";
    case SyncSite::store_log_end:
      return "store_log_end";
    case SyncSite::store_table:
      return "store_table";
    case SyncSite::store_manifest:
      return "store_manifest";
    case SyncSite::store_current:
      return "store_current";
    case SyncSite::store_current_name:
      return "store_current_name";
    case SyncSite::store_file_name:
      return "store_file_name";
    case SyncSite::store_switched:
      return "store_switched";
  }
  return "?";
}

// What the first image that must not be shows, in rounds: those that most likely show it come first.
std::string violation_without(SyncSite site, const std::vector<Story>& stories) {
  constexpr std::size_t kRounds[] = {0, 2, 12, 80};
  std::vector<std::vector<Moment>> told;
  for (const Story& story : stories) told.push_back(story.tell(site));
  for (std::size_t round = 1; round < std::size(kRounds); ++round) {
    for (std::size_t i = 0; i < stories.size(); ++i) {
      for (const Moment& moment : told[i]) {
        if (round == 1) {  // the process was killed, and the machine lives a while; the recovery syncs, too
          storage::SimFileSystem disk = moment.disk;
          disk.ignore_syncs_of(site);
          const std::string problem = stories[i].problem(std::move(disk), moment, false, 0);
          if (!problem.empty()) return stories[i].name() + ": " + problem;
        }
        const storage::CrashImages images(moment.disk);
        for (std::size_t n = kRounds[round - 1]; n < std::min(kRounds[round], images.size()); ++n) {
          const std::string problem = stories[i].problem(images.at(n), moment, false, n);
          if (!problem.empty()) return stories[i].name() + ": " + problem;
        }
      }
    }
  }
  return {};
}

}  // namespace

TEST_CASE("every sync is needed", "[.full]") {
  const std::vector<Story> stories = all_stories();
  for (int i = 0; i <= static_cast<int>(storage::last_sync_site); ++i) {
    const auto site = static_cast<SyncSite>(i);
    const std::string violation = violation_without(site, stories);
    std::cout << name_of(site) << ": " << violation << std::endl;
    // It spreads the work of writing the zeros; the segment is synced as a whole before it has its name.
    if (site == SyncSite::spare_slice)
      CHECK(violation.empty());
    else
      CHECK_FALSE(violation.empty());
  }
}
