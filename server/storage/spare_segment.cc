#include "server/storage/spare_segment.h"

#include <algorithm>

namespace muster::storage {
namespace {

constexpr std::string_view kSpareName = "spare";
constexpr std::string_view kReadyPrefix = "spare-";
constexpr std::size_t kMostRecycled = 2;
constexpr std::uint64_t kSliceBytes = 1024 * 1024;

template <class Files>
auto smallest_of(Files& files, std::uint64_t bytes) {
  auto smallest = files.end();
  for (auto file = files.begin(); file != files.end(); ++file)
    if (file->capacity >= bytes && (smallest == files.end() || file->capacity < smallest->capacity))
      smallest = file;
  return smallest;
}

}  // namespace

SpareSegment::SpareSegment(FileSystem& files, const std::string& directory, std::uint64_t usual_bytes)
    : files_(files),
      directory_(directory),
      spare_path_(directory_ + "/" + std::string(kSpareName)),
      usual_bytes_(usual_bytes) {}

bool SpareSegment::prepare(std::uint64_t wanted, std::uint64_t reserve) {
  if (!ready_.empty()) return true;
  begin(usual_bytes_);
  return prepared_ >= std::min(wanted, capacity_) || try_slice(reserve);
}

bool SpareSegment::make(const std::vector<std::uint64_t>& blanks, std::uint64_t reserve) {
  std::vector<Ready> left = ready_;
  for (const std::uint64_t bytes : blanks) {
    const auto fitting = smallest_of(left, bytes);
    if (fitting != left.end()) {
      left.erase(fitting);
      continue;
    }
    begin(bytes);
    while (prepared_ < capacity_)
      if (!try_slice(reserve)) return false;
    const std::string path = free_path();
    files_.rename(spare_path_, path);
    file_.reset();
    ready_.push_back({path, capacity_});
  }
  return true;
}

// One that was begun is made larger.
void SpareSegment::begin(std::uint64_t bytes) {
  if (!file_) capacity_ = prepared_ = 0;
  capacity_ = std::max({capacity_, bytes, usual_bytes_});
}

// Each slice is synced at once: a sync of all at the end would take as long as the whole file.
void SpareSegment::write_slice() {
  if (!file_) file_ = files_.create(spare_path_);
  const std::uint64_t bytes = std::min(kSliceBytes, capacity_ - prepared_);
  file_->write(prepared_, std::string(bytes, '\0'));
  try {
    file_->sync(SyncSite::spare_slice);
  } catch (const NoSpace&) {
    file_.reset();  // what a failed sync left of it is not known: it is begun anew
    prepared_ = 0;
    throw;
  }
  prepared_ += bytes;
}

bool SpareSegment::try_slice(std::uint64_t reserve) {
  if (files_.free_bytes(directory_) < capacity_ - prepared_ + reserve) return false;
  try {
    write_slice();
  } catch (const NoSpace&) {
    return false;
  }
  return true;
}

SpareSegment::Blank SpareSegment::take(std::uint64_t bytes) {
  const auto fitting = smallest_of(ready_, bytes);
  if (fitting != ready_.end()) {
    Ready ready = std::move(*fitting);
    ready_.erase(fitting);
    std::unique_ptr<File> file = files_.open(ready.path);
    if (file) return {std::move(ready.path), std::move(file), ready.capacity};
  }
  begin(bytes);
  while (prepared_ < capacity_) write_slice();
  return {spare_path_, std::move(file_), capacity_};
}

void SpareSegment::recycle(const std::string& path, std::uint64_t capacity) {
  if (capacity == usual_bytes_ && ready_.size() < kMostRecycled) {
    const std::string spare = free_path();
    files_.rename(path, spare);
    ready_.push_back({spare, capacity});
  } else {
    files_.remove(path);
  }
  files_.sync_directory(directory_, SyncSite::log_segment_recycled);
}

std::string SpareSegment::free_path() const {
  for (std::size_t n = 0;; ++n) {
    std::string path = directory_ + "/" + std::string(kReadyPrefix) + std::to_string(n);
    if (std::none_of(ready_.begin(), ready_.end(), [&](const Ready& ready) { return ready.path == path; }))
      return path;
  }
}

void SpareSegment::remove_leftovers() {
  for (const std::string& name : files_.list(directory_))
    if (name == kSpareName || name.starts_with(kReadyPrefix)) files_.remove(directory_ + "/" + name);
}

}  // namespace muster::storage
