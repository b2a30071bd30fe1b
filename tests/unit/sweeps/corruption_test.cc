// One sector of one file of one server of three goes bad while it is down. It must be repaired by the others, refused or do no harm:
// what was acknowledged is never lost, nothing wrong is ever served, and it does not spread. The servers are placed as badly as can be:
// one lacks the newest writes, and the one that is left with them is away when the damaged one starts.
#include <catch2/catch.hpp>
#include <iostream>

#include "tests/support/crash_images.h"
#include "tests/unit/sweeps/ensemble.h"
#include "tests/unit/sweeps/share.h"

using namespace muster;
using namespace muster::sweeps;
using storage::SimFileSystem;

namespace {

constexpr std::size_t kSector = 512;
constexpr int damaged = 1, behind = 2, healthy = 3;

// What the disks hold, and what one of them held earlier.
struct Scene {
  Ensemble ensemble;
  SimFileSystem earlier;

  Scene() {
    ensemble.start_all();
    write(30);
    write(50);
    ensemble.kill(damaged);  // a store that is opened makes a table of its log
    REQUIRE(ensemble.start(damaged).empty());
    earlier = ensemble.disks[damaged];
    write(40);
    ensemble.kill(behind);
    write(17);
    for (const int id : {damaged, behind, healthy}) {
      if (ensemble.up(id)) ensemble.kill(id);
      ensemble.disks[id] = storage::CrashImages(ensemble.disks[id]).at(1);
    }
  }
  void write(int count) {
    const std::size_t goal = ensemble.acknowledged.size() + static_cast<std::size_t>(count);
    REQUIRE(ensemble.pass_until([this] { return ensemble.leader() != 0; }, 10'000));
    for (int i = 0; i < count; ++i) {
      ensemble.write(ensemble.leader(), 1);
      ensemble.pass(25);
    }
    REQUIRE(ensemble.pass_until([&] { return ensemble.acknowledged.size() >= goal; }, 10'000));
    ensemble.pass(2000);  // idle: all is marked and published
  }
};

struct Case {
  std::string path;
  std::size_t sector = 0;
  std::string fault;
  std::string bytes;  // of the file, damaged
};

void all_files(SimFileSystem& disk, const std::string& directory, std::vector<std::string>& paths) {
  for (const std::string& name : disk.list(directory)) {
    const std::string path = directory + "/" + name;
    if (disk.contents(path))
      paths.push_back(path);
    else
      all_files(disk, path, paths);
  }
}

std::vector<Case> all_cases(SimFileSystem disk, const SimFileSystem& earlier) {
  std::vector<std::string> paths;
  all_files(disk, kData, paths);
  std::vector<Case> cases;
  for (const std::string& path : paths) {
    const std::string whole = *disk.contents(path);
    const std::string old = earlier.contents(path).value_or("");
    for (std::size_t at = 0; at < whole.size(); at += kSector) {
      const std::size_t bytes = std::min(kSector, whole.size() - at);
      const auto add = [&](const char* fault, const std::string& instead) {
        std::string changed = whole;
        changed.replace(at, bytes, instead);
        if (changed != whole) cases.push_back({path, at / kSector, fault, std::move(changed)});
      };
      std::string flipped = whole.substr(at, bytes);
      flipped[at / kSector * 37 % bytes] ^= static_cast<char>(1 << (at / kSector % 8));
      add("flipped", flipped);
      add("zeroed", std::string(bytes, '\0'));
      if (at < old.size()) add("older", (old.substr(at, bytes) + std::string(bytes, '\0')).substr(0, bytes));
    }
  }
  return cases;
}

std::string told(const std::vector<std::string>& reports) {
  std::string all;
  for (const std::string& report : reports) all += report + "; ";
  return all;
}

// Empty: as it must be. `outcome`: which of the three.
std::string problem(const Scene& scene, const Case& bad, std::string& outcome) {
  Ensemble ensemble;
  ensemble.disks = scene.ensemble.disks;
  ensemble.acknowledged = scene.ensemble.acknowledged;
  ensemble.written = scene.ensemble.written;
  ensemble.disks[damaged].plant(bad.path, bad.bytes);

  const std::string refusal = ensemble.start(damaged);
  outcome = refusal.empty() ? "harmless" : "refused";
  if (!refusal.empty() && (refusal.find(kData) == std::string::npos || refusal.back() != '.'))
    return "it does not say what to do: " + refusal;
  if (refusal.empty() && !ensemble.reports(damaged).empty()) outcome = "repaired";
  const std::string reports = refusal.empty() ? told(ensemble.reports(damaged)) : refusal;
  if (!ensemble.start(behind).empty()) return "a sound server does not start";
  if (ensemble.pass_until([&] { return ensemble.leader() != 0; }, 3000) &&
      !ensemble.holds_all(ensemble.leader()))
    return "server " + std::to_string(ensemble.leader()) + " leads without all that was acknowledged (" +
           reports + ")";
  if (!ensemble.start(healthy).empty()) return "a sound server does not start";
  if (!ensemble.pass_until([&] { return ensemble.leader() != 0 && ensemble.agree(); }, 30'000))
    return "the servers do not agree on all that was acknowledged: " + ensemble.describe() + " (" + reports +
           ")";
  ensemble.write(ensemble.leader(), 3);
  const std::size_t goal = ensemble.acknowledged.size() + 3;
  if (!ensemble.pass_until([&] { return ensemble.acknowledged.size() >= goal && ensemble.agree(); }, 10'000))
    return "it does not go on (" + reports + ")";
  for (const int id : {damaged, behind, healthy})
    if (ensemble.up(id) && ensemble.node(id).tree().recompute_digest() != ensemble.node(id).tree().digest())
      return "server " + std::to_string(id) + " serves what it should not (" + reports + ")";
  return {};
}

std::string kind_of(const std::string& path) {
  for (const char* kind : {"log-", "spare", "vote-", "identity", "CURRENT", "MANIFEST", ".log", ".ldb"})
    if (path.substr(path.rfind('/') + 1).find(kind) != std::string::npos) return kind;
  return path;
}

}  // namespace

TEST_CASE("a bad sector of one server is repaired, refused or harmless") {
  const Scene scene;
  const Share share;
  std::map<std::string, std::map<std::string, int>> outcomes;  // by kind of file
  std::size_t number = 0;
  for (const Case& bad : all_cases(scene.ensemble.disks.at(damaged), scene.earlier)) {
    if (!share.takes(++number)) continue;
    INFO(bad.path << ", sector " << bad.sector << " " << bad.fault);
    std::string outcome;
    CHECK(problem(scene, bad, outcome) == "");
    ++outcomes[kind_of(bad.path)][outcome];
  }
  for (const auto& [kind, counts] : outcomes) {
    std::cout << kind << ":";
    for (const auto& [outcome, count] : counts) std::cout << " " << count << " " << outcome;
    std::cout << std::endl;
  }
  std::cout << number << " cases" << std::endl;
}
