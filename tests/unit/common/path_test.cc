#include <muster/path.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using muster::is_valid_path;
using muster::name_of;
using muster::parent_of;

TEST_CASE("a path is absolute and has no empty or relative component") {
  for (const char* good :
       {"/", "/a", "/a/b", "/...", "/.x", "/a.", "/zookeeper/config", "/\xC3\xA9", "/\xE2\x82\xAC"}) {
    CHECK(is_valid_path(good));
  }
  for (const char* bad : {"", "a", "/a/", "//", "/a//b", "/.", "/..", "/a/./b", "/a/../b", "/a/.."}) {
    CHECK_FALSE(is_valid_path(bad));
  }
}

TEST_CASE("a path has no control, private or broken characters") {
  using namespace std::string_view_literals;
  for (const auto bad : {"/a\0b"sv, "/\x01"sv, "/\x1f"sv, "/\x7f"sv, "/\xC2\x80"sv, "/\xC2\x9F"sv,
                         "/\xED\xA0\x80"sv, "/\xEE\x80\x80"sv, "/\xEF\xA3\xBF"sv, "/\xEF\xBF\xB0"sv,
                         "/\xEF\xBF\xBD"sv, "/\xF0\x9F\x98\x80"sv, "/\xFF"sv, "/\xC3"sv, "/\xC0\xAF"sv}) {
    CHECK_FALSE(is_valid_path(bad));
  }
  for (const auto good : {"/\x20"sv, "/\xC2\xA0"sv, "/\xEF\xA4\x80"sv, "/\xEF\xBF\xAF"sv})
    CHECK(is_valid_path(good));
}

TEST_CASE("parent and name of a path") {
  CHECK(parent_of("/a/b") == "/a");
  CHECK(parent_of("/a") == "/");
  CHECK(parent_of("/") == "");  // NOLINT(readability-container-size-empty)
  CHECK(name_of("/a/b") == "b");
  CHECK(name_of("/") == "");  // NOLINT(readability-container-size-empty)
}
