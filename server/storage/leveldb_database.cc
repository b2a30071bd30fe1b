#include "server/storage/leveldb_database.h"

#include <cstdarg>
#include <utility>

#include "common/check.h"
#include "common/little_endian.h"

namespace muster::storage {
namespace {

using leveldb::Slice;
using leveldb::Status;

constexpr std::string_view kCurrentKey{"\0current", 8};
constexpr std::string_view kFirstRecordKey{"\1", 1};
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
constexpr std::size_t kBlockBytes = 16 * 1024;
constexpr std::size_t kCacheBytes = 256 * 1024;  // nothing is read twice
constexpr int kOpenTables = 64;
constexpr std::size_t kMaxPutKeysBytes = 8 * 1024 * 1024;  // beyond it, everything is looked at

class Silence : public leveldb::Logger {
 public:
  void Logv(const char*, std::va_list) override {}
};

Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view bytes_of(Slice slice) { return {slice.data(), slice.size()}; }

void append_number(std::string& out, std::uint64_t number) {
  for (unsigned shift = 64; shift > 0;) out.push_back(static_cast<char>(number >> (shift -= 8)));
}

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i) number = number << 8U | static_cast<unsigned char>(bytes[i]);
  return number;
}

std::string versioned(std::string_view key, std::uint64_t number) {
  std::string out(key);
  append_number(out, ~number);
  return out;
}

struct VersionedKey {
  std::string_view key;
  std::uint64_t number = 0;
};

VersionedKey parse(Slice stored) {
  const std::string_view bytes = bytes_of(stored);
  if (bytes.size() <= kNumberBytes) throw StoreDamaged("the store holds a key that is none of its own");
  const std::size_t key_bytes = bytes.size() - kNumberBytes;
  return {bytes.substr(0, key_bytes), ~read_number(bytes.substr(key_bytes))};
}

leveldb::ReadOptions reading(const leveldb::Snapshot* snapshot = nullptr) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  options.snapshot = snapshot;
  return options;
}

class View : public StateView {
 public:
  View(leveldb::DB& db, StateStore::Current current)
      : db_(db), current_(std::move(current)), snapshot_(db.GetSnapshot()) {
    at_.reset(db_.NewIterator(reading(snapshot_)));
    at_->Seek(slice(kFirstRecordKey));
  }
  ~View() override {
    at_.reset();
    db_.ReleaseSnapshot(snapshot_);
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  std::uint64_t number() const override { return current_.number; }
  const std::string& meta() const override { return current_.meta; }

  tree::PackedRecords read(std::size_t max_bytes) override {
    tree::PackedRecords records;
    records.reserve(max_bytes + max_bytes / 8);
    for (; at_->Valid() && records.bytes() < max_bytes; at_->Next()) {
      const VersionedKey stored = parse(at_->key());
      if (stored.number > current_.number || stored.key == last_) continue;
      last_ = stored.key;
      const std::string_view value = bytes_of(at_->value());
      if (!value.empty()) records.add({stored.key, value});
    }
    if (!at_->status().ok()) throw StoreDamaged(at_->status().ToString());
    return records;
  }

 private:
  leveldb::DB& db_;
  StateStore::Current current_;
  const leveldb::Snapshot* snapshot_;
  std::unique_ptr<leveldb::Iterator> at_;
  std::string last_;  // key of which the version that counts was seen
};

}  // namespace

LevelDbDatabase::LevelDbDatabase(FileSystem& files, std::string path, const LevelDbStore::Options& options)
    : files_(files),
      path_(std::move(path)),
      options_(options),
      env_(files),
      silence_(std::make_unique<Silence>()),
      cache_(leveldb::NewLRUCache(kCacheBytes)) {
  open();
  read_current();
}

LevelDbDatabase::~LevelDbDatabase() { swept_to_.reset(); }

void LevelDbDatabase::open() {
  leveldb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.env = &env_;
  options.info_log = silence_.get();
  options.block_cache = cache_.get();
  options.write_buffer_size = options_.write_buffer_bytes;
  options.max_file_size = options_.table_bytes;
  options.block_size = kBlockBytes;
  options.max_open_files = kOpenTables;
  options.compression = leveldb::kNoCompression;
  leveldb::DB* db = nullptr;
  const Status status = leveldb::DB::Open(options, path_, &db);
  db_.reset(db);
  if (status.ok()) return;
  env_.rethrow();
  throw StoreDamaged(status.ToString());
}

void LevelDbDatabase::read_current() {
  std::string value;
  const Status status = db_->Get(reading(), slice(kCurrentKey), &value);
  if (status.IsNotFound()) return;
  if (!status.ok()) throw StoreDamaged(status.ToString());
  if (value.size() < kNumberBytes)
    throw StoreDamaged("the store does not say which checkpoint is its current one");
  current_ = StateStore::Current{read_number(value), value.substr(kNumberBytes)};
}

std::unique_ptr<StateView> LevelDbDatabase::view() const {
  CHECK(current_, "a view is of a checkpoint that was published");
  return std::make_unique<View>(*db_, *current_);
}

void LevelDbDatabase::fail(const Status& status) const {
  env_.rethrow();
  throw DiskError("the state in " + path_ + " can't be used: " + status.ToString() +
                  ". Check the disk, then start the server again: it makes the state anew from its log or "
                  "from the others.");
}

void LevelDbDatabase::write(leveldb::WriteBatch& batch, bool sync) {
  leveldb::WriteOptions options;
  options.sync = sync;
  const Status status = db_->Write(options, &batch);
  if (!status.ok()) fail(status);
}

bool LevelDbDatabase::put(std::uint64_t number, const std::vector<tree::Record>& records) {
  CHECK(!sweep_, "what is left of others is removed before a new checkpoint is begun");
  CHECK(!current_ || number > current_->number, "checkpoints are numbered upwards");
  if (records.empty()) return true;
  leveldb::WriteBatch batch;
  for (const tree::Record& record : records) batch.Put(versioned(record.key, number), record.value);
  if (files_.free_bytes(path_) < options_.room_bytes + 2 * batch.ApproximateSize()) return false;
  write(batch, false);
  for (const tree::Record& record : records) {
    if (!current_ && !record.value.empty()) continue;  // nothing was there before
    note_put(record.key);
  }
  return true;
}

void LevelDbDatabase::publish(std::uint64_t number, const std::string& meta) {
  CHECK(!current_ || number > current_->number, "checkpoints are numbered upwards");
  std::string value;
  append_number(value, number);
  value += meta;
  leveldb::WriteBatch batch;
  batch.Put(slice(kCurrentKey), value);
  write(batch, true);
  current_ = StateStore::Current{number, meta};
  if (put_keys_.size() <= kMaxPutKeysBytes) return;
  put_keys_ = {};
  sweep_ = true;
}

std::size_t LevelDbDatabase::stored_records() const {
  const std::unique_ptr<leveldb::Iterator> at(db_->NewIterator(reading()));
  std::size_t count = 0;
  for (at->Seek(slice(kFirstRecordKey)); at->Valid(); at->Next()) ++count;
  return count;
}

bool LevelDbDatabase::clean() {
  leveldb::WriteBatch batch;
  bool more = false;
  try {
    more = sweep_ ? sweep(batch) : clean_put_keys(batch);
  } catch (const StoreDamaged& damage) {
    fail(Status::Corruption(damage.what()));
  }
  // Not synced: a crash may bring back what was removed, never a part of what was removed of one key.
  if (batch.ApproximateSize() > leveldb::WriteBatch().ApproximateSize()) write(batch, false);
  return more;
}

bool LevelDbDatabase::sweep(leveldb::WriteBatch& batch) {
  if (!swept_to_) {
    swept_to_.reset(db_->NewIterator(reading()));
    swept_to_->Seek(slice(kFirstRecordKey));
  }
  for (std::size_t seen = 0; swept_to_->Valid() && seen < options_.clean_keys;)
    seen += clean_key(*swept_to_, batch);
  if (!swept_to_->status().ok()) fail(swept_to_->status());
  if (swept_to_->Valid()) return true;
  swept_to_.reset();
  sweep_ = false;
  return false;
}

// One beyond the limit is enough to have everything looked at.
void LevelDbDatabase::note_put(std::string_view key) {
  if (put_keys_.size() > kMaxPutKeysBytes) return;
  put_keys_ += key;
  append_le(put_keys_, static_cast<std::uint32_t>(key.size()));
}

std::string_view LevelDbDatabase::last_put() const {
  const std::size_t end = put_keys_.size() - kLengthBytes;
  const std::size_t size = read_le<std::uint32_t>(put_keys_, end);
  return std::string_view(put_keys_).substr(end - size, size);
}

void LevelDbDatabase::forget_last_put() {
  put_keys_.resize(put_keys_.size() - last_put().size() - kLengthBytes);
}

bool LevelDbDatabase::clean_put_keys(leveldb::WriteBatch& batch) {
  if (put_keys_.empty()) return false;
  const std::unique_ptr<leveldb::Iterator> at(db_->NewIterator(reading()));
  for (std::size_t seen = 0; !put_keys_.empty() && seen < options_.clean_keys; forget_last_put()) {
    at->Seek(slice(last_put()));
    if (!at->Valid() || parse(at->key()).key != last_put()) {
      ++seen;  // put twice
      continue;
    }
    seen += clean_key(*at, batch);
  }
  if (!at->status().ok()) fail(at->status());
  if (put_keys_.empty()) put_keys_ = {};
  return !put_keys_.empty();
}

std::size_t LevelDbDatabase::clean_key(leveldb::Iterator& at, leveldb::WriteBatch& batch) const {
  const std::uint64_t current = current_ ? current_->number : 0;
  const std::string key(parse(at.key()).key);
  std::size_t versions = 0;
  bool found = false;
  for (; at.Valid(); at.Next(), ++versions) {
    const VersionedKey stored = parse(at.key());
    if (stored.key != key) break;
    const bool counts = !found && stored.number <= current;
    found = found || counts;
    if (!counts || at.value().empty()) batch.Delete(at.key());
  }
  return versions;
}

}  // namespace muster::storage
