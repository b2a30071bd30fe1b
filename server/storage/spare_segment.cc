#include "server/storage/spare_segment.h"

#include <algorithm>

namespace muster::storage {
namespace {

constexpr std::string_view kSpareName = "spare";
constexpr std::uint64_t kSliceBytes = 1024 * 1024;

}  // namespace

SpareSegment::SpareSegment(FileSystem& files, const std::string& directory, std::uint64_t usual_bytes)
    : files_(files), directory_(directory), usual_bytes_(usual_bytes) {}

void SpareSegment::prepare(std::uint64_t wanted) {
  if (!file_) capacity_ = usual_bytes_;
  if (prepared_ < std::min(wanted, capacity_)) write_slice();
}

// Each slice is synced at once: a sync of all at the end would take as long as the whole file.
void SpareSegment::write_slice() {
  if (!file_) {
    file_ = files_.create(directory_ + "/" + std::string(kSpareName));
    prepared_ = 0;
  }
  const std::uint64_t bytes = std::min(kSliceBytes, capacity_ - prepared_);
  file_->write(prepared_, std::string(bytes, '\0'));
  file_->sync();
  prepared_ += bytes;
}

SpareSegment::Blank SpareSegment::take(std::uint64_t bytes) {
  const std::uint64_t wanted = std::max(bytes, usual_bytes_);
  if (!file_ || capacity_ < wanted) capacity_ = wanted;  // one begun is made larger
  while (!file_ || prepared_ < capacity_) write_slice();
  prepared_ = 0;
  return {directory_ + "/" + std::string(kSpareName), std::move(file_), capacity_};
}

void SpareSegment::remove_leftovers() {
  for (const std::string& name : files_.list(directory_))
    if (name == kSpareName) files_.remove(directory_ + "/" + name);
}

}  // namespace muster::storage
