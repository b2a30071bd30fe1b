// The replies of the hot path are encoded without allocating: this program counts every allocation.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "common/wire/events.h"
#include "common/wire/replies.h"
#include "examples.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace muster;
using namespace muster::wire;

TEST_CASE("encoding a reply or an event allocates only to grow `out`") {
  std::string out;
  out.reserve(4096);
  for (const auto& [request, body] : all_replies()) {
    const Reply reply{ErrorCode::ok, body};
    out.clear();
    const std::size_t before = allocations;
    append_reply(out, Xid{1}, Zxid{2}, reply);
    CHECK(allocations == before);
  }
  out.clear();
  const std::size_t before = allocations;
  append_event(out, Zxid{2}, EventType::node_created, "/a/path/that/is/longer/than/a/short/string");
  CHECK(allocations == before);
}
