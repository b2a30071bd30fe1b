// Time is handed in; nothing in the server's core asks for it.
#pragma once

#include <cstdint>

namespace muster {

struct Now {
  std::int64_t mono_ms = 0;  // monotonic, from an arbitrary start: all time-outs
  std::int64_t wall_ms = 0;  // since 1970, may jump: only for ctime and mtime
};

}  // namespace muster
