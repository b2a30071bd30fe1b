#include "tests/fuzz/guard.h"

#include <sanitizer/allocator_interface.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace muster::fuzz {
namespace {

constexpr std::size_t always_allowed = std::size_t{64} * 1024;
// One byte may become a vector's element of many; and a reply may repeat in each of its parts what was written once (multiRead).
constexpr std::size_t allowed_for_each_byte = 128;

std::size_t allowed = SIZE_MAX;  // of one allocation

void on_malloc(const volatile void* /*memory*/, std::size_t size) {
  if (size <= allowed) return;
  allowed = SIZE_MAX;
  (void)std::fprintf(stderr, "%zu bytes were allocated at once\n", size);
  require(false, "an allocation is bounded by the bytes that arrived");
}
void on_free(const volatile void* /*memory*/) {}

const int installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);

}  // namespace

void require(bool condition, const char* message) {
  if (condition) return;
  (void)std::fprintf(stderr, "does not hold: %s\n", message);
  std::abort();
}

Budget::Budget(std::size_t bytes_given, std::size_t extra) {
  require(installed > 0, "the allocator takes hooks");
  allowed = always_allowed + allowed_for_each_byte * bytes_given + extra;
}
Budget::~Budget() { allowed = SIZE_MAX; }

}  // namespace muster::fuzz
