// The store's work on states that go out to others and on the one that comes in: views by number, and at most one installer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/storage/state_store.h"

namespace muster::storage {

class StateDesk {
 public:
  explicit StateDesk(StateStore& store) : store_(store) {}

  // A view of the current checkpoint, kept under `id`; gives its meta. Empty: there is none.
  [[nodiscard]] std::string open(std::uint64_t id);
  // Its next records; none: that was all, or it is not open.
  [[nodiscard]] std::vector<tree::Record> next(std::uint64_t id, std::size_t max_bytes);
  void close(std::uint64_t id) { views_.erase(id); }

  void begin();  // forgets one begun before
  // False: the disk has no room. Requires begin(), as finish() does.
  [[nodiscard]] bool put(const std::vector<tree::Record>& records) { return installer_->put(records); }
  // Durable and in the place of the store's state when it returns. All views are closed.
  void finish(std::uint64_t number, const std::string& meta);
  void drop() { installer_.reset(); }

 private:
  StateStore& store_;
  std::map<std::uint64_t, std::unique_ptr<StateView>> views_;
  std::unique_ptr<StateInstaller> installer_;
};

}  // namespace muster::storage
