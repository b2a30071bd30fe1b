#include "tests/support/memory_store.h"

#include <utility>

#include "common/check.h"

namespace muster::storage {
namespace {

class View : public StateView {
 public:
  View(StateStore::Current current, std::vector<tree::Record> records)
      : current_(std::move(current)), records_(std::move(records)) {}
  std::uint64_t number() const override { return current_.number; }
  const std::string& meta() const override { return current_.meta; }
  tree::PackedRecords read(std::size_t max_bytes) override {
    tree::PackedRecords part;
    for (; next_ < records_.size() && part.bytes() < max_bytes; ++next_) part.add(records_[next_]);
    return part;
  }

 private:
  StateStore::Current current_;
  std::vector<tree::Record> records_;
  std::size_t next_ = 0;
};

}  // namespace

class MemoryStore::Installer : public StateInstaller {
 public:
  explicit Installer(MemoryStore& store) : store_(store) {}
  bool put(const std::vector<tree::Record>& records) override {
    apply(contents_, {{}, 1, records});
    return true;
  }
  void finish(std::uint64_t number, const std::string& meta) override {
    contents_.current = Current{number, meta};
    store_.cached_ = store_.durable_ = std::move(contents_);
    store_.reopen();
    store_.unsynced_.clear();
  }

 private:
  MemoryStore& store_;
  Contents contents_;
};

std::optional<StateStore::Current> MemoryStore::current() const { return cached_.current; }

std::unique_ptr<StateView> MemoryStore::view() const {
  CHECK(cached_.current, "a view is of a checkpoint that was published");
  std::vector<tree::Record> records;
  for (const auto& [key, versions] : cached_.records) {
    const auto after = versions.upper_bound(cached_.current->number);
    if (after == versions.begin()) continue;
    const std::string& value = std::prev(after)->second;
    if (!value.empty()) records.push_back({key, value});
  }
  return std::make_unique<View>(*cached_.current, std::move(records));
}

void MemoryStore::apply(Contents& contents, const Batch& batch) {
  for (const auto& [key, number] : batch.removed) {
    const auto found = contents.records.find(key);
    if (found == contents.records.end()) continue;
    found->second.erase(number);
    if (found->second.empty()) contents.records.erase(found);
  }
  for (const tree::Record& record : batch.put) contents.records[record.key][batch.number] = record.value;
}

void MemoryStore::change(Batch batch) {
  apply(cached_, batch);
  unsynced_.push_back(std::move(batch));
}

bool MemoryStore::put(std::uint64_t number, const std::vector<tree::Record>& records) {
  CHECK(!to_clean_, "what is left of others is removed before a new checkpoint is begun");
  CHECK(!cached_.current || number > cached_.current->number, "checkpoints are numbered upwards");
  change({{}, number, records});
  return true;
}

void MemoryStore::publish(std::uint64_t number, const std::string& meta) {
  CHECK(!cached_.current || number > cached_.current->number, "checkpoints are numbered upwards");
  cached_.current = durable_.current = Current{number, meta};
  for (const Batch& batch : std::exchange(unsynced_, {})) apply(durable_, batch);
  reopen();
}

bool MemoryStore::clean() {
  Batch batch;
  const std::uint64_t current = cached_.current ? cached_.current->number : 0;
  auto at = cached_.records.upper_bound(cleaned_to_);
  for (std::size_t seen = 0; at != cached_.records.end() && seen < kCleanKeys; ++at, ++seen) {
    const auto after = at->second.upper_bound(current);
    for (auto version = at->second.begin(); version != at->second.end(); ++version) {
      const bool counts = std::next(version) == after;
      if (!counts || version->second.empty()) batch.removed.emplace_back(at->first, version->first);
    }
    cleaned_to_ = at->first;
  }
  to_clean_ = at != cached_.records.end();
  if (!to_clean_) cleaned_to_.clear();
  change(std::move(batch));
  return to_clean_;
}

void MemoryStore::discard() {
  cached_ = durable_ = {};
  unsynced_.clear();
  reopen();
}

std::unique_ptr<StateInstaller> MemoryStore::install() { return std::make_unique<Installer>(*this); }

void MemoryStore::crash(Random random) {
  const std::uint64_t kept = random.below(unsynced_.size() + 1);
  for (std::uint64_t i = 0; i < kept; ++i) apply(durable_, unsynced_[i]);
  cached_ = durable_;
  unsynced_.clear();
  reopen();
}

void MemoryStore::reopen() {
  to_clean_ = true;
  cleaned_to_.clear();
}

bool MemoryStore::damage(Random random) {
  if (!cached_.current || cached_.records.empty()) return false;
  auto victim = cached_.records.begin();
  std::advance(victim, static_cast<std::ptrdiff_t>(random.below(cached_.records.size())));
  Versions& versions = victim->second;
  const auto after = versions.upper_bound(cached_.current->number);
  if (after == versions.begin()) return false;
  std::string& value = std::prev(after)->second;
  if (value.empty()) return false;
  value[random.below(value.size())] ^= 1;
  durable_ = cached_;
  unsynced_.clear();
  return true;
}

bool MemoryStore::lose(Random random) {
  if (!cached_.current || cached_.records.empty()) return false;
  auto first = cached_.records.begin();
  std::advance(first, static_cast<std::ptrdiff_t>(random.below(cached_.records.size())));
  auto last = first;
  for (std::int64_t count = random.between(1, 5); count > 0 && last != cached_.records.end(); --count) ++last;
  cached_.records.erase(first, last);
  durable_ = cached_;
  unsynced_.clear();
  return true;
}

std::size_t MemoryStore::versions() const {
  std::size_t count = 0;
  for (const auto& [key, versions] : cached_.records) count += versions.size();
  return count;
}

}  // namespace muster::storage
