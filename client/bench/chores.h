// Requests that prepare or clean up: done one after the other as fast as one connection allows, not measured.
#pragma once

#include <cstddef>
#include <functional>

#include "client/bench/loop.h"

namespace muster::bench {

// Does make(0), …, make(count - 1) on the loop's first connection, in order, several in flight. `take` (may be empty) gets the
// answers' bodies in the same order. Throws std::runtime_error at the first that fails, or if the connection is lost.
void do_all(Loop& loop, std::size_t count, const std::function<wire::Request(std::size_t)>& make,
            const std::function<void(std::size_t, const wire::ReplyBody&)>& take = {});

}  // namespace muster::bench
