// What recipes promise, whoever uses them (client/include/muster/recipes):
//   two-holders    a lock, or an office, has another holder while one is certain of it; a semaphore has too many
//   token-order    a token is not greater than that of the holder before
//   stale-write    a guarded write is done after that of a later holder, or after its lock was given up
//   counter        a counter is not the sum of what was added
//   queue          an item is done twice, or lost
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "server/tree/tree.h"

namespace muster::simulation {

class RecipeLedger {
 public:
  // One that holds; `certain`: whether its clock says that it still does.
  struct Holder {
    std::uint64_t number = 0;
    bool shared = false;
    Zxid token;
    std::function<bool()> certain;
  };
  // Holds from now on, until released(). Of `limit` 0: exclusive and shared ones as in a read-write lock.
  std::uint64_t holds(const std::string& lock, bool shared, Zxid token, std::size_t limit,
                      std::function<bool()> certain);
  void released(const std::string& lock, std::uint64_t number);
  // A write that a holder's node guarded was done.
  void wrote(const std::string& lock, Zxid token, Zxid done);

  void adds(std::int64_t amount) { in_doubt_ += amount; }
  void added(std::int64_t amount) {
    in_doubt_ -= amount;
    sum_ += amount;
  }
  void not_added(std::int64_t amount) { in_doubt_ -= amount; }

  [[nodiscard]] std::string new_item() { return std::to_string(++items_); }
  void put(const std::string& item) { put_.insert(item); }
  void finished(const std::string& item);

  // When all is quiet, against the tree.
  void check_end(const tree::Tree& tree, const std::string& counter, const std::string& entries,
                 const std::string& done) const;
  // No queue below `root` has anybody in it.
  [[nodiscard]] static bool all_left(const tree::Tree& tree, const std::string& root);
  [[nodiscard]] std::uint64_t grants() const { return grants_; }
  [[nodiscard]] std::uint64_t adds_done() const { return static_cast<std::uint64_t>(sum_); }
  [[nodiscard]] std::uint64_t items_done() const { return finished_.size(); }

 private:
  std::uint64_t last_number_ = 0, items_ = 0, grants_ = 0;
  std::map<std::string, std::map<std::uint64_t, Holder>> holders_;
  std::map<std::string, Zxid> last_token_;
  std::map<std::string, std::map<Zxid, Zxid>> writes_;  // tokens by when the write was done
  std::int64_t sum_ = 0, in_doubt_ = 0;
  std::set<std::string> put_, finished_;
};

}  // namespace muster::simulation
