#include "server/storage/disk_usage.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using muster::storage::bytes_of_files;

TEST_CASE("the files of a directory are added up, those of the directories in it too") {
  std::string name = "/tmp/muster-usage-XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  const std::filesystem::path directory = name;
  CHECK(bytes_of_files(name) == 0);
  std::filesystem::create_directory(directory / "inner");
  std::ofstream(directory / "a") << std::string(1000, 'x');
  std::ofstream(directory / "inner" / "b") << "12345";
  CHECK(bytes_of_files(name) == 1005);
  std::filesystem::remove_all(directory);
  CHECK(bytes_of_files(name) == -1);
}
