#include "server/storage/identity.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "server/storage/directory_lock.h"
#include "tests/unit/storage/fixture.h"

namespace muster::storage {
namespace {

std::string refusal(SimFileSystem& files, std::int32_t self) {
  try {
    IdentityFile identity(files, kDirectory, ServerId{self});
  } catch (const DiskError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a directory belongs to the server that used it first") {
  SimFileSystem files;
  CHECK(IdentityFile(files, kDirectory, ServerId{2}).cluster_id().empty());
  CHECK(refusal(files, 2).empty());
  CHECK(refusal(files, 3).find("belongs to server 2, but this is server 3") != std::string::npos);
}

TEST_CASE("a directory belongs to the cluster that was founded in it") {
  SimFileSystem files;
  const std::string cluster(16, '\xC1');
  IdentityFile(files, kDirectory, ServerId{2}).set_cluster(cluster);
  IdentityFile identity(files, kDirectory, ServerId{2});
  CHECK(identity.cluster_id() == cluster);
  const auto before = files.counters();
  identity.set_cluster(cluster);
  CHECK(files.counters().operations == before.operations);
  CHECK_THROWS_AS(identity.set_cluster("another"), DiskError);
}

TEST_CASE("a directory without or with a damaged identity is not used") {
  SimFileSystem files;
  { IdentityFile identity(files, kDirectory, ServerId{2}); }
  Disk disk(files);
  disk.open();
  SECTION("damaged") {
    std::string damaged = *files.contents(kDirectory + "/identity");
    damaged[13] = static_cast<char>(damaged[13] ^ 1);
    files.plant(kDirectory + "/identity", damaged);
    CHECK(refusal(files, 2).find("damaged") != std::string::npos);
  }
  SECTION("missing beside a vote") {
    files.remove(kDirectory + "/identity");
    CHECK(refusal(files, 2).find("no file named identity") != std::string::npos);
  }
}

TEST_CASE("a claim survives a power cut at any moment, or was not made") {
  for (std::uint64_t at = 1;; ++at) {
    SimFileSystem files;
    files.crash_at(at);
    bool claimed = false;
    try {
      IdentityFile identity(files, kDirectory, ServerId{2});
      claimed = true;
      identity.set_cluster("cluster");
      break;
    } catch (const SimCrash&) {
    }
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SimFileSystem left = files.crash_image(Random(seed));
      CHECK(refusal(left, 2).empty());
      SimFileSystem other = files.crash_image(Random(seed));
      if (claimed) CHECK_FALSE(refusal(other, 3).empty());
    }
  }
}

TEST_CASE("from where on a state may be used is remembered, and never less") {
  SimFileSystem files;
  {
    IdentityFile identity(files, kDirectory, ServerId{2});
    identity.set_cluster("cluster");
    identity.set_state_at_least(Zxid{70});
    identity.set_state_at_least(Zxid{7});
  }
  const IdentityFile identity(files, kDirectory, ServerId{2});
  CHECK(identity.state_at_least() == Zxid{70});
  CHECK(identity.cluster_id() == "cluster");
}

TEST_CASE("two processes can't use one directory") {
  std::string pattern = (std::filesystem::temp_directory_path() / "muster-lock-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  {
    DirectoryLock lock(pattern);
    CHECK_THROWS_WITH(DirectoryLock(pattern), Catch::Contains("in use by another process"));
  }
  { DirectoryLock again(pattern); }
  std::filesystem::remove_all(pattern);
  CHECK_THROWS_AS(DirectoryLock(pattern), DiskError);
}

}  // namespace muster::storage
