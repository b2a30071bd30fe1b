// The next segment is made ready in step with the log: the entries that come next wait for each slice of it.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/storage/fixture.h"

namespace muster::storage {

TEST_CASE("a segment's successor is made ready while its third quarter fills, no sooner and no later") {
  constexpr std::uint64_t mebibyte = 1024 * 1024, segment = 8 * mebibyte, payload = 64 * 1024;
  SimFileSystem files;
  Disk disk(files, segment);
  disk.open();
  std::uint64_t prepared = 0;
  std::uint64_t used = 0;
  for (std::int64_t zxid = 1; used + 2 * payload < segment; ++zxid) {
    disk->perform(append({entry(zxid, 1, payload)}));
    used += payload + 100;  // more than a record and its entry take besides the payload
    prepared = files.contents(kDirectory + "/spare").value_or("").size();
    CHECK(prepared <= 4 * std::max(used, segment / 2) - 2 * segment + mebibyte);
    if (used > segment * 3 / 4 + 2 * payload) CHECK(prepared == segment);
  }
  CHECK(prepared == segment);
}

}  // namespace muster::storage
