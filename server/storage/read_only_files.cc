#include "server/storage/read_only_files.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/check.h"

namespace muster::storage {

// A file of the disk below, until it is written to: then its bytes.
struct ReadOnlyFiles::Content {
  std::mutex mutex;
  std::unique_ptr<File> below;
  std::string bytes;

  std::string& writable() {
    if (below) bytes = below->read(0, below->size());
    below.reset();
    return bytes;
  }
};

class ReadOnlyFiles::Handle : public File {
 public:
  explicit Handle(std::shared_ptr<Content> content) : content_(std::move(content)) {}

  std::string read(std::uint64_t offset, std::size_t bytes) override {
    const std::lock_guard lock(content_->mutex);
    if (content_->below) return content_->below->read(offset, bytes);
    return offset < content_->bytes.size() ? content_->bytes.substr(offset, bytes) : std::string();
  }
  void write(std::uint64_t offset, std::string_view bytes) override {
    const std::lock_guard lock(content_->mutex);
    std::string& all = content_->writable();
    if (all.size() < offset + bytes.size()) all.resize(offset + bytes.size());
    all.replace(offset, bytes.size(), bytes);
  }
  void sync(SyncSite) override {}
  std::uint64_t size() override {
    const std::lock_guard lock(content_->mutex);
    return content_->below ? content_->below->size() : content_->bytes.size();
  }

 private:
  std::shared_ptr<Content> content_;
};

std::shared_ptr<ReadOnlyFiles::Content> ReadOnlyFiles::find(const std::string& path) {
  const auto known = known_.find(path);
  if (known != known_.end()) return known->second;
  auto below = below_.open(path);
  if (!below) return nullptr;
  auto content = std::make_shared<Content>();
  content->below = std::move(below);
  return known_[path] = std::move(content);
}

void ReadOnlyFiles::create_directories(const std::string& path) {
  const std::lock_guard lock(mutex_);
  removed_directories_.erase(path);
  made_directories_.insert(path);
}

std::vector<std::string> ReadOnlyFiles::list(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  if (removed_directories_.count(directory) == 0)
    for (const std::string& name : below_.list(directory)) names.insert(name);
  const auto inside = [&directory](const std::string& path) {
    return path.rfind('/') == directory.size() && path.starts_with(directory);
  };
  for (const auto& [path, content] : known_) {
    if (!inside(path)) continue;
    if (content)
      names.insert(path.substr(directory.size() + 1));
    else
      names.erase(path.substr(directory.size() + 1));
  }
  for (const std::string& path : made_directories_)
    if (inside(path)) names.insert(path.substr(directory.size() + 1));
  for (const std::string& path : removed_directories_)
    if (inside(path)) names.erase(path.substr(directory.size() + 1));
  return {names.begin(), names.end()};
}

std::unique_ptr<File> ReadOnlyFiles::create(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto content = std::make_shared<Content>();
  known_[path] = content;
  return std::make_unique<Handle>(std::move(content));
}

std::unique_ptr<File> ReadOnlyFiles::open(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto content = find(path);
  if (!content) return nullptr;
  return std::make_unique<Handle>(std::move(content));
}

void ReadOnlyFiles::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  auto content = find(from);
  if (!content) throw DiskError("cannot rename " + from + ": there is no such file.");
  known_[to] = std::move(content);
  known_[from] = nullptr;
}

void ReadOnlyFiles::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  known_[path] = nullptr;
}

void ReadOnlyFiles::rename_directory(const std::string& from, const std::string&) {
  throw DiskError("cannot rename " + from + ": it is only looked at.");
}

void ReadOnlyFiles::remove_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  made_directories_.erase(path);
  removed_directories_.insert(path);
}

std::uint64_t ReadOnlyFiles::free_bytes(const std::string& directory) { return below_.free_bytes(directory); }

void ReadOnlyFiles::sync_directory(const std::string&, SyncSite) {}

}  // namespace muster::storage
