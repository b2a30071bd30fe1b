#include "server/storage/leveldb_store.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/check.h"
#include "server/storage/leveldb_database.h"

namespace muster::storage {
namespace {

constexpr std::string_view kPrefix = "state-";
constexpr std::string_view kNewName = "state.new";

// The n of state-<n>; 0 for any other name.
std::uint64_t generation_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return 0;
  std::uint64_t generation = 0;
  const char* const end = name.data() + name.size();
  const auto [parsed, error] = std::from_chars(name.data() + kPrefix.size(), end, generation);
  return error == std::errc{} && parsed == end ? generation : 0;
}

}  // namespace

class LevelDbStore::Database : public LevelDbDatabase {
 public:
  using LevelDbDatabase::LevelDbDatabase;
};

class LevelDbStore::Installer : public StateInstaller {
 public:
  explicit Installer(LevelDbStore& store)
      : store_(store), path_(store.data_directory_ + "/" + std::string(kNewName)) {
    store_.remove_store(path_);
    store_.files_.create_directories(path_);
    database_ = std::make_unique<Database>(store_.files_, path_, store_.options_);
    while (database_->clean()) {
    }
  }
  ~Installer() override {
    if (!database_) return;
    database_.reset();
    try {
      store_.remove_store(path_);
    } catch (...) {  // NOLINT(bugprone-empty-catch): the next installer or the next start removes it
    }
  }
  Installer(const Installer&) = delete;
  Installer& operator=(const Installer&) = delete;

  bool put(const std::vector<tree::Record>& records) override { return database_->put(kNumber, records); }

  void finish(std::uint64_t number, const std::string& meta) override {
    CHECK(number >= kNumber, "a checkpoint's number is at least 1");
    database_->publish(number, meta);
    database_.reset();
    store_.switch_to_new();
  }

 private:
  static constexpr std::uint64_t kNumber = 1;  // nothing was before it
  LevelDbStore& store_;
  std::string path_;
  std::unique_ptr<Database> database_;
};

LevelDbStore::LevelDbStore(FileSystem& files, std::string data_directory, const Options& options)
    : files_(files), data_directory_(std::move(data_directory)), options_(options) {
  files_.create_directories(data_directory_);
  for (const std::string& name : files_.list(data_directory_))
    generation_ = std::max(generation_, generation_of(name));
  for (const std::string& name : files_.list(data_directory_)) {
    const std::uint64_t generation = generation_of(name);
    if (name == kNewName || (generation > 0 && generation < generation_))
      remove_store(data_directory_ + "/" + name);
  }
  if (generation_ == 0) generation_ = 1;
  open();
}

LevelDbStore::~LevelDbStore() = default;

std::string LevelDbStore::path_of(std::uint64_t generation) const {
  return data_directory_ + "/" + std::string(kPrefix) + std::to_string(generation);
}

void LevelDbStore::open() {
  damage_.clear();
  files_.create_directories(path_of(generation_));
  try {
    database_ = std::make_unique<Database>(files_, path_of(generation_), options_);
  } catch (const StoreDamaged& damage) {
    damage_ = damage.what();
  }
}

LevelDbStore::Database& LevelDbStore::database() const {
  if (!database_) throw StoreDamaged(damage_);
  return *database_;
}

std::optional<StateStore::Current> LevelDbStore::current() const { return database().current(); }
std::unique_ptr<StateView> LevelDbStore::view() const { return database().view(); }
bool LevelDbStore::put(std::uint64_t number, const std::vector<tree::Record>& records) {
  return database().put(number, records);
}
void LevelDbStore::publish(std::uint64_t number, const std::string& meta) {
  database().publish(number, meta);
}
bool LevelDbStore::clean() { return database().clean(); }

std::size_t LevelDbStore::stored_records() const { return database().stored_records(); }

void LevelDbStore::discard() {
  database_.reset();
  const std::string fresh = data_directory_ + "/" + std::string(kNewName);
  remove_store(fresh);
  files_.create_directories(fresh);
  switch_to_new();
}

std::unique_ptr<StateInstaller> LevelDbStore::install() { return std::make_unique<Installer>(*this); }

// The rename decides: before it the old store counts, after it the new one.
void LevelDbStore::switch_to_new() {
  database_.reset();
  const std::string old = path_of(generation_);
  ++generation_;
  files_.rename_directory(data_directory_ + "/" + std::string(kNewName), path_of(generation_));
  files_.sync_directory(data_directory_, SyncSite::store_switched);
  remove_store(old);
  open();
}

void LevelDbStore::remove_store(const std::string& directory) {
  const auto names = files_.list(data_directory_);
  if (std::find(names.begin(), names.end(), directory.substr(data_directory_.size() + 1)) == names.end())
    return;
  for (const std::string& name : files_.list(directory)) files_.remove(directory + "/" + name);
  files_.remove_directory(directory);
}

}  // namespace muster::storage
