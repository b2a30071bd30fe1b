// Stories about one server's disk, told with few words.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/random.h"
#include "server/storage/durable.h"
#include "tests/support/sim_file_system.h"

namespace muster::storage {

inline const std::string kDirectory = "/data";

// Different for every zxid, epoch and size, so that a mix of two histories can't go unnoticed.
inline broadcast::Entry entry(std::int64_t zxid, std::int64_t epoch = 1, std::size_t payload_bytes = 20) {
  broadcast::Entry made;
  made.epoch = Epoch{epoch};
  made.zxid = Zxid{zxid};
  made.time_ms = 1000 + zxid;
  made.forward = {ServerId{1}, 77, static_cast<std::uint64_t>(zxid)};
  std::string payload = std::to_string(epoch) + "." + std::to_string(zxid) + ":";
  Random random(static_cast<std::uint64_t>(zxid * 1000 + epoch));
  while (payload.size() < payload_bytes) payload.push_back(static_cast<char>(random.below(256)));
  made.payload = SharedBytes(payload);
  return made;
}

inline std::vector<broadcast::Entry> entries(std::int64_t from, std::int64_t to, std::int64_t epoch = 1,
                                             std::size_t payload_bytes = 20) {
  std::vector<broadcast::Entry> made;
  for (std::int64_t zxid = from; zxid <= to; ++zxid) made.push_back(entry(zxid, epoch, payload_bytes));
  return made;
}

inline broadcast::Persist append(std::vector<broadcast::Entry> what, std::int64_t committed = 0) {
  broadcast::Persist persist;
  persist.append = std::move(what);
  persist.committed = Zxid{committed};
  return persist;
}

inline broadcast::Persist truncate(std::int64_t keep, std::vector<broadcast::Entry> then = {}) {
  broadcast::Persist persist = append(std::move(then));
  persist.truncate_after = Zxid{keep};
  return persist;
}

inline broadcast::Persist mark(std::int64_t committed) { return append({}, committed); }

inline broadcast::Persist purge(std::int64_t through) {
  broadcast::Persist persist = mark(through);
  persist.purge_through = Zxid{through};
  return persist;
}

inline broadcast::HardState voted(std::int64_t epoch, std::int32_t vote) {
  broadcast::HardState state;
  state.epoch = Epoch{epoch};
  state.vote = ServerId{vote};
  state.qualified = true;
  return state;
}

inline broadcast::Persist vote(std::int64_t epoch, std::int32_t vote) {
  broadcast::Persist persist;
  persist.hard_state = voted(epoch, vote);
  return persist;
}

inline std::vector<broadcast::Entry> all_of(const Durable& durable) {
  std::vector<broadcast::Entry> all;
  for (Zxid next = durable.first(); next <= durable.last();) {
    for (auto& read : durable.read(next, durable.last(), 4096)) all.push_back(std::move(read));
    next = all.back().zxid.next();
  }
  return all;
}

// One server's directory: opened, closed, opened again.
class Disk {
 public:
  explicit Disk(FileSystem& files, std::uint64_t segment_bytes = 4096, std::string directory = kDirectory)
      : files_(files), directory_(std::move(directory)), segment_bytes_(segment_bytes) {}

  Durable& open() {
    durable_.reset();
    DurableOptions options;
    options.segment_bytes = segment_bytes_;
    options.nonce = [this] { return random_.next(); };
    options.repair = repair;
    options.report = [this](const std::string& sentence) { reports.push_back(sentence); };
    durable_ = std::make_unique<Durable>(files_, directory_, options);
    return *durable_;
  }
  void close() { durable_.reset(); }
  Durable& operator*() { return *durable_; }
  Durable* operator->() { return durable_.get(); }

  std::vector<std::string> reports;
  bool repair = false;

 private:
  FileSystem& files_;
  std::string directory_;
  std::uint64_t segment_bytes_;
  Random random_{4711};
  std::unique_ptr<Durable> durable_;
};

}  // namespace muster::storage
