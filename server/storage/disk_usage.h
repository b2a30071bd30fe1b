#pragma once

#include <cstdint>
#include <string>

namespace muster::storage {

// The sizes of all files below `directory`, added up; -1 if it cannot be read.
[[nodiscard]] std::int64_t bytes_of_files(const std::string& directory);

}  // namespace muster::storage
