#include "server/storage/leveldb_env.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/storage/background.h"

namespace muster::storage {
namespace {

using leveldb::Slice;
using leveldb::Status;

constexpr std::size_t kBufferBytes = 64 * 1024;

std::string name_in(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string directory_in(const std::string& path) { return path.substr(0, path.rfind('/')); }
bool is_log(const std::string& path) { return path.ends_with(".log"); }
bool is_manifest(const std::string& path) { return name_in(path).starts_with("MANIFEST-"); }
SyncSite site_of(const std::string& path) {
  if (is_log(path)) return SyncSite::store_batch;
  if (is_manifest(path)) return SyncSite::store_manifest;
  return path.ends_with(".ldb") ? SyncSite::store_table : SyncSite::store_current;
}

// A failure to read costs only the store: LevelDB hears of damage.
template <class Read>
Status reading(const std::string& path, Read read) {
  try {
    return read();
  } catch (const DiskError& error) {
    return Status::Corruption(path, error.what());
  }
}

Status not_there(const std::string& path) { return Status::NotFound(path, "no such file"); }

class BytesFile : public leveldb::SequentialFile {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  Status Read(std::size_t n, Slice* result, char*) override {
    n = std::min(n, bytes_.size() - at_);
    *result = Slice(bytes_.data() + at_, n);
    at_ += n;
    return Status::OK();
  }
  Status Skip(std::uint64_t n) override {
    at_ += std::min<std::uint64_t>(n, bytes_.size() - at_);
    return Status::OK();
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

class TableFile : public leveldb::RandomAccessFile {
 public:
  TableFile(std::string path, std::unique_ptr<File> file) : path_(std::move(path)), file_(std::move(file)) {}
  Status Read(std::uint64_t offset, std::size_t n, Slice* result, char* scratch) const override {
    *result = Slice();
    return reading(path_, [&] {
      const std::string bytes = file_->read(offset, n);
      std::memcpy(scratch, bytes.data(), bytes.size());
      *result = Slice(scratch, bytes.size());
      return Status::OK();
    });
  }

 private:
  std::string path_;
  std::unique_ptr<File> file_;
};

class BufferedFile : public leveldb::WritableFile {
 public:
  BufferedFile(LevelDbEnv& env, std::string path, std::unique_ptr<File> file)
      : env_(env), path_(std::move(path)), file_(std::move(file)) {}
  // LevelDB lets go of a log that is full without closing it; a failure is remembered by the Env.
  ~BufferedFile() override {
    if (file_) (void)Close();
  }
  BufferedFile(const BufferedFile&) = delete;
  BufferedFile& operator=(const BufferedFile&) = delete;

  Status Append(const Slice& data) override {
    pending_.append(data.data(), data.size());
    return pending_.size() < kBufferBytes ? Status::OK() : Flush();
  }
  Status Flush() final {
    if (pending_.empty()) return Status::OK();
    return env_.attempt(path_, [this] {
      file_->write(written_, pending_);
      written_ += pending_.size();
      pending_.clear();
    });
  }
  Status Sync() final { return sync(site_of(path_)); }
  Status Close() final {
    Status done = is_log(path_) ? sync(SyncSite::store_log_end) : Flush();
    file_.reset();
    return done;
  }

 private:
  Status sync(SyncSite site) {
    Status flushed = Flush();
    if (!flushed.ok()) return flushed;
    return env_.attempt(path_, [this, site] { file_->sync(site); });
  }

  LevelDbEnv& env_;
  std::string path_;
  std::unique_ptr<File> file_;
  std::string pending_;
  std::uint64_t written_ = 0;
};

// The data directory has a lock of its own (directory_lock).
class NoLock : public leveldb::FileLock {};

}  // namespace

LevelDbEnv::LevelDbEnv(FileSystem& files) : EnvWrapper(Env::Default()), files_(files) {}
LevelDbEnv::~LevelDbEnv() = default;

bool LevelDbEnv::has_failed() const {
  const std::lock_guard lock(mutex_);
  return failure_ != nullptr;
}

void LevelDbEnv::note_failure() {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::current_exception();
}

void LevelDbEnv::rethrow() const {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

Status LevelDbEnv::NewSequentialFile(const std::string& path, leveldb::SequentialFile** result) {
  *result = nullptr;
  return reading(path, [&] {
    const auto file = files_.open(path);
    if (!file) return not_there(path);
    std::string bytes = file->read(0, file->size());
    if (is_log(path) || is_manifest(path)) bytes.resize(sound_bytes_of_leveldb_log(bytes));
    *result = new BytesFile(std::move(bytes));
    return Status::OK();
  });
}

Status LevelDbEnv::NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** result) {
  *result = nullptr;
  return reading(path, [&] {
    auto file = files_.open(path);
    if (!file) return not_there(path);
    *result = new TableFile(path, std::move(file));
    return Status::OK();
  });
}

Status LevelDbEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** result) {
  *result = nullptr;
  return attempt(path, [&] {
    auto file = files_.create(path);
    files_.sync_directory(directory_in(path), SyncSite::store_file_name);
    *result = new BufferedFile(*this, path, std::move(file));
  });
}

Status LevelDbEnv::NewAppendableFile(const std::string& path, leveldb::WritableFile** result) {
  *result = nullptr;
  return Status::NotSupported(path, "files are written once");
}

bool LevelDbEnv::FileExists(const std::string& path) {
  try {
    return files_.open(path) != nullptr;
  } catch (const DiskError&) {
    return true;  // whoever reads it will hear why it can't be
  }
}

Status LevelDbEnv::GetChildren(const std::string& directory, std::vector<std::string>* result) {
  return reading(directory, [&] {
    *result = files_.list(directory);
    return Status::OK();
  });
}

Status LevelDbEnv::RemoveFile(const std::string& path) {
  if (!FileExists(path)) return not_there(path);
  return attempt(path, [&] { files_.remove(path); });
}

Status LevelDbEnv::CreateDir(const std::string& directory) {
  return attempt(directory, [&] { files_.create_directories(directory); });
}

Status LevelDbEnv::RemoveDir(const std::string& directory) {
  return Status::NotSupported(directory, "directories are not LevelDB's business");
}

Status LevelDbEnv::GetFileSize(const std::string& path, std::uint64_t* bytes) {
  *bytes = 0;
  return reading(path, [&] {
    const auto file = files_.open(path);
    if (!file) return not_there(path);
    *bytes = file->size();
    return Status::OK();
  });
}

Status LevelDbEnv::RenameFile(const std::string& from, const std::string& to) {
  return attempt(to, [&] {
    files_.rename(from, to);
    files_.sync_directory(directory_in(to), SyncSite::store_current_name);
  });
}

// All of it is done in one thread, which is LevelDB's alone: it becomes a background one with what it is given first.
void LevelDbEnv::Schedule(void (*work)(void*), void* argument) {
  EnvWrapper::Schedule([](void*) { yield_to_others(); }, nullptr);
  EnvWrapper::Schedule(work, argument);
}

Status LevelDbEnv::LockFile(const std::string&, leveldb::FileLock** lock) {
  *lock = new NoLock;
  return Status::OK();
}

Status LevelDbEnv::UnlockFile(leveldb::FileLock* lock) {
  delete lock;
  return Status::OK();
}

}  // namespace muster::storage
