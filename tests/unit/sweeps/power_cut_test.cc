// The power of all three servers is cut at once, in the middle of whatever their disks are doing under load, again and again. Nothing that
// was acknowledged is lost, and they agree.
#include <catch2/catch.hpp>
#include <iostream>

#include "tests/unit/sweeps/ensemble.h"
#include "tests/unit/sweeps/share.h"

using namespace muster;
using namespace muster::sweeps;

namespace {

// Load until the disk of one of them comes to the operation at which the power goes.
void run_until_cut(Ensemble& ensemble, Random& random) {
  const int first = static_cast<int>(random.between(1, Ensemble::servers));
  ensemble.disks[first].crash_at(1 + random.below(random.chance(1, 3) ? 400 : 40));
  try {
    for (int round = 0; round < 400; ++round) {
      for (int id = 1; id <= Ensemble::servers; ++id)
        if (ensemble.up(id)) ensemble.write(id, static_cast<int>(random.between(0, 3)));
      ensemble.pass(25);
    }
  } catch (const storage::SimCrash&) {
  }
}

}  // namespace

TEST_CASE("power cuts of all servers at once lose nothing that was acknowledged") {
  const std::size_t cuts = std::max<std::size_t>(1000 / Share(50).each(), 1);
  Random random(20);
  Ensemble ensemble;
  ensemble.start_all();
  REQUIRE(ensemble.pass_until([&] { return ensemble.leader() != 0; }, 10'000));
  for (std::size_t cut = 1; cut <= cuts; ++cut) {
    INFO("cut " << cut << ", " << ensemble.acknowledged.size() << " acknowledged");
    run_until_cut(ensemble, random);
    ensemble.cut_power(random.fork(cut));
    for (int id = 1; id <= Ensemble::servers; ++id) {
      REQUIRE(ensemble.start(id) == "");
      for (const std::string& report : ensemble.reports(id)) {
        INFO(report);
        REQUIRE(report.find("does not vote") == std::string::npos);
        REQUIRE(report.find("thrown away") == std::string::npos);
      }
    }
    const bool agreed =
        ensemble.pass_until([&] { return ensemble.leader() != 0 && ensemble.agree(); }, 30'000);
    INFO(ensemble.describe());
    REQUIRE(agreed);
  }
  std::cout << cuts << " power cuts, " << ensemble.acknowledged.size() << " writes acknowledged of "
            << ensemble.written << std::endl;
}
