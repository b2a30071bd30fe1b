// Power cuts at every operation of a few stories, with everything that each may leave of the disk.
#include <catch2/catch.hpp>
#include <iostream>
#include <set>

#include "tests/support/crash_images.h"
#include "tests/unit/sweeps/share.h"
#include "tests/unit/sweeps/stories.h"

using namespace muster;
using namespace muster::sweeps;

TEST_CASE("whatever a power cut leaves of a disk starts with all that was acknowledged") {
  const Share share;
  std::size_t images = 0;
  std::size_t seen = 0;
  for (const Story& story : share.each() < 20 ? more_stories() : all_stories()) {
    const std::vector<Moment> moments = story.tell();
    std::set<std::pair<std::size_t, std::uint64_t>> known;
    const std::size_t before = images;
    for (std::size_t at = 0; at < moments.size(); ++at) {
      const Moment& moment = moments[at];
      const storage::CrashImages all(moment.disk);
      for (std::size_t n = 0; n <= all.size(); ++n) {
        if (!share.takes(++seen)) continue;
        // The last one: the process was killed, and the machine lives.
        storage::SimFileSystem image = n < all.size() ? all.at(n) : moment.disk;
        if (n < all.size() && !known.emplace(moment.steps, storage::CrashImages::fingerprint(image)).second)
          continue;
        const std::string problem = story.problem(image, moment, images % 4 == 0, seen * 7919);
        ++images;
        INFO(story.name() << ": operation " << at << ", after " << moment.steps << " steps, image " << n);
        REQUIRE(problem == "");
      }
    }
    std::cout << story.name() << ": " << moments.size() << " operations, " << images - before << " images\n";
  }
  std::cout << images << " images" << std::endl;
}
