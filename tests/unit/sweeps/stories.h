// The stories that the sweeps tell: between them they reach every place that asks for a sync.
#pragma once

#include <vector>

#include "tests/unit/sweeps/story.h"

namespace muster::sweeps {

[[nodiscard]] std::vector<Story> all_stories();
// The same with segments and values of other sizes, too.
[[nodiscard]] std::vector<Story> more_stories();

}  // namespace muster::sweeps
