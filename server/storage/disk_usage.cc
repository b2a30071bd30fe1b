#include "server/storage/disk_usage.h"

#include <filesystem>
#include <system_error>

namespace muster::storage {

std::int64_t bytes_of_files(const std::string& directory) {
  std::error_code error;
  std::int64_t bytes = 0;
  std::filesystem::recursive_directory_iterator file(directory, error);
  for (; !error && file != std::filesystem::recursive_directory_iterator(); file.increment(error)) {
    std::error_code gone;  // a file that was removed meanwhile counts nothing
    if (!file->is_regular_file(gone) || gone) continue;
    const auto size = file->file_size(gone);
    if (!gone) bytes += static_cast<std::int64_t>(size);
  }
  return error ? -1 : bytes;
}

}  // namespace muster::storage
