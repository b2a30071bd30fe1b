// A disk in memory that forgets what was not synced. It models what a power cut may leave of a POSIX file
// system:
//   - of the writes to a file since its last sync any subset of its 512-byte sectors, some of them torn; its
//   size likewise
//   - of a directory's creations, renames and removals since its last sync any prefix, of directories in it likewise
// What the image is, is drawn from a Random that is handed in. Contents are pages shared between copies, so
// that copying a disk, to look at what would be left of it, is cheap. Not for several threads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/random.h"
#include "server/storage/file_system.h"

namespace muster::storage {

// Thrown in the place of a file operation: the power is cut. Not a std::exception, so that nothing catches it
// by accident.
struct SimCrash {};

class SimFileSystem : public FileSystem {
 public:
  // Of what changes something; reading is free.
  struct Counters {
    std::uint64_t operations = 0;  // all of these
    std::uint64_t creates = 0, writes = 0, bytes_written = 0, syncs = 0, renames = 0, removes = 0,
                  directory_syncs = 0;
    std::uint64_t most_synced_bytes = 0;  // that one sync had to write
  };

  // A copy has the same contents, page cache included. Files that are open stay with the original.
  SimFileSystem() = default;

  void create_directories(const std::string& path) override;  // durable at once, unless that sync is ignored
  [[nodiscard]] std::vector<std::string> list(const std::string& directory) override;
  [[nodiscard]] std::unique_ptr<File> create(const std::string& path) override;
  [[nodiscard]] std::unique_ptr<File> open(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;  // within one directory
  void remove(const std::string& path) override;
  void rename_directory(const std::string& from, const std::string& to) override;
  void remove_directory(const std::string& path) override;
  [[nodiscard]] std::uint64_t free_bytes(const std::string& directory) override;
  void sync_directory(const std::string& path, SyncSite site) override;

  // The disk as a power cut now would leave it: all of it durable, no hook set.
  [[nodiscard]] SimFileSystem crash_image(Random random) const;
  // Becomes that. Whoever has files open here must be gone.
  void crash(Random random) { *this = crash_image(random); }
  // The process dies, the machine lives: the page cache stays, and is still not durable. Clears the hooks.
  void kill();
  void wipe();  // a new disk
  void set_free_bytes(std::uint64_t bytes) {
    free_bytes_ = bytes;
  }  // what free_bytes() says at most; no write fails of it
  // All files together; a write beyond it does the part that fits and throws NoSpace. Kept by crash() and kill().
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  [[nodiscard]] std::uint64_t used_bytes() const;

  // From now on, the n-th operation (1: the next) and all after it throw SimCrash and do nothing, until
  // crash() or kill().
  void crash_at(std::uint64_t n) { crash_at_ = counters_.operations + n; }
  // The n-th sync of a file from now on throws DiskError and makes nothing durable.
  void fail_sync_at(std::uint64_t n) { fail_sync_at_ = counters_.syncs + n; }
  // From now on a sync asked for by `site` returns and makes nothing durable.
  void ignore_syncs_of(SyncSite site) { ignored_ = site; }
  // Called before each operation that changes something, when the disk is still as it was. A copy does not have it.
  void before_each_operation(std::function<void()> call) { before_operation_.call = std::move(call); }
  // The n-th sync of a file or a directory from now on, and no other, throws DiskError. What it should have made durable is not
  // durable; of a file it counts as clean from then on, so that no later sync writes it, although a reader sees it.
  void lose_sync_at(std::uint64_t n) { lose_sync_at_ = all_syncs() + n; }
  // The n-th write from now on, and no other, does nothing and throws NoSpace.
  void refuse_write_at(std::uint64_t n) { refuse_write_at_ = counters_.writes + n; }
  // The n-th write from now on, and no other, puts down the first part and throws DiskError.
  void fail_write_at(std::uint64_t n) { fail_write_at_ = counters_.writes + n; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

  // Damage at rest. Contents as a reader sees them; nothing if there is no such file.
  [[nodiscard]] std::optional<std::string> contents(const std::string& path) const;
  // Replaces a file's contents, or makes it, as if it had always been so.
  void plant(const std::string& path, const std::string& contents);

  // Damage of single sectors (sim_file_damage.cc), in the page cache and on the disk alike.
  struct Sector {
    std::string path;
    std::uint64_t offset = 0;
  };
  void write_back();  // what was not synced has reached the disk by itself meanwhile
  [[nodiscard]] std::vector<Sector> written_sectors() const;  // that are not all zeros
  // Those of files that `older`, a copy made before, holds as well, with other contents.
  [[nodiscard]] std::vector<Sector> changed_since(const SimFileSystem& older) const;
  [[nodiscard]] std::string contents(const Sector& sector) const;
  void overwrite(const Sector& sector, const std::string& bytes);
  void take_back(const Sector& sector, const SimFileSystem& older);  // to what the file held there then
  void make_unreadable(const Sector& sector);  // until it is written again: whoever reads it gets a DiskError

 private:
  static constexpr std::size_t kPageBytes = 4096;
  static constexpr std::size_t kSectorBytes = 512;
  static constexpr std::size_t kSectorsPerPage = kPageBytes / kSectorBytes;
  using Page = std::array<char, kPageBytes>;
  using InodeId = std::uint64_t;

  // Absent pages are zeros.
  struct Content {
    std::uint64_t size = 0;
    std::vector<std::shared_ptr<Page>> pages;
    void resize(std::uint64_t bytes);
    [[nodiscard]] std::string read(std::uint64_t offset, std::uint64_t bytes) const;
    void write(std::uint64_t offset, std::string_view bytes);
  };
  struct Written {
    std::uint64_t turn = 0;  // in the order of all writes to the disk
    std::uint64_t offset = 0;
    std::shared_ptr<const std::string> bytes;
  };
  struct Inode {
    Content cached;                             // what readers see
    Content durable;                            // what the disk has
    std::map<std::size_t, std::uint8_t> dirty;  // page → its sectors that differ, one bit each
    std::vector<Written> unsynced;              // the writes that made them differ
    std::set<std::uint64_t> unreadable;         // sectors
    std::uint64_t handles = 0;
  };
  using Names = std::map<std::string, InodeId>;
  struct NameChange {
    std::string remove;  // if not empty
    std::string set;     // if not empty: to `inode`
    InodeId inode = 0;
  };
  struct Directory {
    Names cached;
    Names durable;
    std::vector<NameChange> changes;  // since the last sync
  };
  // Of a directory in another one, since that one was synced last.
  struct DirectoryChange {
    std::string from;  // empty: made
    std::string to;    // empty: removed
    Directory removed;
  };
  struct Hook {
    Hook() = default;
    Hook(const Hook&) {}
    Hook& operator=(const Hook&) {
      call = nullptr;
      return *this;
    }
    std::function<void()> call;
  };
  class SimFile;
  friend class CrashImages;  // crash_images.h

  void count_operation(std::uint64_t& kind);
  [[nodiscard]] std::uint64_t all_syncs() const { return counters_.syncs + counters_.directory_syncs; }
  [[nodiscard]] bool loses_this_sync() const { return lose_sync_at_ && all_syncs() == *lose_sync_at_; }
  [[nodiscard]] Directory& directory_of(const std::string& path);
  void change(Directory& directory, NameChange change);
  static void apply(Names& names, const NameChange& change);
  [[nodiscard]] std::optional<InodeId> find(const std::string& path) const;
  void drop_unreachable();
  static std::uint64_t dirty_bytes(const Inode& inode);
  static Content survivor(const Inode& inode, Random& random);
  template <class Visit>
  void for_each_file(Visit visit) const;

  void take_back(const DirectoryChange& change);

  std::map<std::string, Directory> directories_;
  std::vector<DirectoryChange> directory_changes_;
  std::map<InodeId, Inode> inodes_;
  InodeId next_inode_ = 1;
  Counters counters_;
  std::optional<std::uint64_t> crash_at_;
  std::optional<std::uint64_t> fail_sync_at_, lose_sync_at_, refuse_write_at_, fail_write_at_;
  std::optional<SyncSite> ignored_;
  Hook before_operation_;
  std::uint64_t turns_ = 0;
  std::uint64_t free_bytes_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t capacity_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace muster::storage
