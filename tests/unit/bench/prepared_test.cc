#include "client/bench/prepared.h"

#include <catch2/catch.hpp>

using namespace muster;
using bench::fill;
using bench::Prepared;

namespace {

std::string used(const wire::Request& request, std::int32_t xid, std::uint64_t number) {
  std::string out = "before";
  Prepared(request).append(out, Xid{xid}, number);
  return out.substr(6);
}

}  // namespace

TEST_CASE("a prepared request is the request with xid and number filled in") {
  const auto set = [](const std::string& path) { return wire::SetDataRequest{path, "data", -1}; };
  CHECK(used(set("/k##########"), 70'000, 1234) == wire::encode_request(Xid{70'000}, set("/k0000001234")));
  CHECK(used(set("/k##########"), 0x7fffffff, 9'999'999'999) ==
        wire::encode_request(Xid{0x7fffffff}, set("/k9999999999")));
  CHECK(used(set("/none"), 1, 5) == wire::encode_request(Xid{1}, set("/none")));
}

TEST_CASE("the number stands wherever the mark is") {
  const auto multi = [](const std::string& path) {
    return wire::MultiRequest{{wire::CheckVersionRequest{path, -1}, wire::DeleteRequest{path, 7}}};
  };
  CHECK(used(multi("/a/##########"), 3, 42) == wire::encode_request(Xid{3}, multi("/a/0000000042")));
  CHECK(fill("/d##########/e##########", 7) == "/d0000000007/e0000000007");
}
