// A simulated disk behind one lock: LevelDB has a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "server/storage/file_system.h"

namespace muster::storage {

class LockedFiles : public FileSystem {
 public:
  explicit LockedFiles(FileSystem& files) : files_(files) {}
  void create_directories(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    files_.create_directories(path);
  }
  std::vector<std::string> list(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    return files_.list(directory);
  }
  std::unique_ptr<File> create(const std::string& path) override {
    if (before_create) before_create(path);
    const std::lock_guard lock(mutex_);
    return std::make_unique<Locked>(mutex_, files_.create(path));
  }
  std::unique_ptr<File> open(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    auto file = files_.open(path);
    if (!file) return nullptr;
    return std::make_unique<Locked>(mutex_, std::move(file));
  }
  void rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    files_.rename(from, to);
  }
  void remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    files_.remove(path);
  }
  void rename_directory(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    files_.rename_directory(from, to);
  }
  void remove_directory(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    files_.remove_directory(path);
  }
  std::uint64_t free_bytes(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    return files_.free_bytes(directory);
  }
  void sync_directory(const std::string& path, SyncSite site) override {
    const std::lock_guard lock(mutex_);
    files_.sync_directory(path, site);
  }

  // May wait, in the thread that wants the file.
  std::function<void(const std::string& path)> before_create;

 private:
  class Locked : public File {
   public:
    Locked(std::mutex& mutex, std::unique_ptr<File> file) : mutex_(mutex), file_(std::move(file)) {}
    ~Locked() override {
      const std::lock_guard lock(mutex_);
      file_.reset();
    }
    std::string read(std::uint64_t offset, std::size_t bytes) override {
      const std::lock_guard lock(mutex_);
      return file_->read(offset, bytes);
    }
    void write(std::uint64_t offset, std::string_view bytes) override {
      const std::lock_guard lock(mutex_);
      file_->write(offset, bytes);
    }
    void sync(SyncSite site) override {
      const std::lock_guard lock(mutex_);
      file_->sync(site);
    }
    std::uint64_t size() override {
      const std::lock_guard lock(mutex_);
      return file_->size();
    }

   private:
    std::mutex& mutex_;
    std::unique_ptr<File> file_;
  };

  FileSystem& files_;
  std::mutex mutex_;
};

}  // namespace muster::storage
