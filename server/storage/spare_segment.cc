#include "server/storage/spare_segment.h"

#include <algorithm>

namespace muster::storage {
namespace {

constexpr std::string_view kSpareName = "spare";
constexpr std::string_view kRecycledPrefix = "spare-";
constexpr std::size_t kMostRecycled = 2;
constexpr std::uint64_t kSliceBytes = 1024 * 1024;

}  // namespace

SpareSegment::SpareSegment(FileSystem& files, const std::string& directory, std::uint64_t usual_bytes)
    : files_(files), directory_(directory), usual_bytes_(usual_bytes) {}

void SpareSegment::prepare(std::uint64_t wanted) {
  if (!recycled_.empty()) return;
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
  if (wanted == usual_bytes_ && !recycled_.empty()) {
    std::string path = std::move(recycled_.back());
    recycled_.pop_back();
    std::unique_ptr<File> file = files_.open(path);
    if (file) return {std::move(path), std::move(file), usual_bytes_};
  }
  if (!file_ || capacity_ < wanted) capacity_ = wanted;  // one begun is made larger
  while (!file_ || prepared_ < capacity_) write_slice();
  prepared_ = 0;
  return {directory_ + "/" + std::string(kSpareName), std::move(file_), capacity_};
}

void SpareSegment::recycle(const std::string& path, std::uint64_t capacity) {
  if (capacity == usual_bytes_ && recycled_.size() < kMostRecycled) {
    std::string spare = directory_ + "/" + std::string(kRecycledPrefix) + "0";
    while (std::find(recycled_.begin(), recycled_.end(), spare) != recycled_.end()) ++spare.back();
    files_.rename(path, spare);
    recycled_.push_back(std::move(spare));
  } else {
    files_.remove(path);
  }
  files_.sync_directory(directory_);
}

void SpareSegment::remove_leftovers() {
  for (const std::string& name : files_.list(directory_))
    if (name == kSpareName || name.starts_with(kRecycledPrefix)) files_.remove(directory_ + "/" + name);
}

}  // namespace muster::storage
