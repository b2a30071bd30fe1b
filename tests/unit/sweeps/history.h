// What an ensemble agreed on: entries from zxid 1 on that a tree can apply, the digest that each leaves, and the states between.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/broadcast/entry.h"
#include "server/node/checkpoint.h"
#include "server/tree/tree.h"

namespace muster::sweeps {

using Entries = std::vector<broadcast::Entry>;

class History {
 public:
  static inline const std::string cluster_id = "0123456789abcdef";

  // zxid 1 founds, 2 opens a session, the others make, change and delete znodes with so much data. A new epoch begins every
  // `epoch_entries`.
  History(std::int64_t entries, std::int64_t epoch_entries, std::size_t data_bytes);

  [[nodiscard]] Entries entries(std::int64_t from, std::int64_t to) const;
  // As many entries that were never agreed on, of another leader's epoch, in the place of those after `keep`.
  [[nodiscard]] Entries stray(std::int64_t keep, std::int64_t count) const;
  [[nodiscard]] Epoch epoch_of(std::int64_t zxid) const {
    return all_[static_cast<std::size_t>(zxid - 1)].epoch;
  }
  [[nodiscard]] std::uint64_t digest_at(std::int64_t zxid) const {
    return digests_[static_cast<std::size_t>(zxid)];
  }
  [[nodiscard]] tree::Tree tree_at(std::int64_t zxid) const;
  [[nodiscard]] node::Meta meta_at(std::int64_t zxid, std::uint64_t number) const;
  void apply(tree::Tree& tree, std::int64_t through) const;

 private:
  [[nodiscard]] std::string command(std::int64_t zxid, std::size_t data_bytes) const;

  Entries all_;
  std::vector<std::uint64_t> digests_{0};
  SessionId session_;
  Zxid owner_;
};

}  // namespace muster::sweeps
