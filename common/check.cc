#include "common/check.h"

#include <cstdio>
#include <cstdlib>

namespace muster {

void check_failed(const char* file, int line, const char* condition, const char* message) {
  (void)std::fprintf(stderr, "CHECK failed at %s:%d: %s (%s)\n", file, line, message, condition);
  (void)std::fflush(stderr);
  std::abort();
}

}  // namespace muster
