// The log as far as it lies in memory, and every entry's epoch.
//
//   a state … floor() … on disk only … first() …… delivered ……… last()
//                                      `-- the window ----------'
// What is not yet delivered always lies in the window; below it as much as trim() allows.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "server/broadcast/entry.h"
#include "server/broadcast/peer.h"

namespace muster::broadcast {

class History {
 public:
  // `tail` continues `delivered`. `epochs` begin at the latest with the one of the entry above `floor`.
  History(std::vector<EpochStart> epochs, std::vector<Entry> tail, Zxid delivered, Zxid floor);

  [[nodiscard]] Zxid last() const { return last_; }
  [[nodiscard]] Epoch last_epoch() const { return epochs_.empty() ? Epoch{} : epochs_.back().epoch; }
  [[nodiscard]] Zxid first() const;                    // of the window; last() + 1 if it is empty
  [[nodiscard]] Zxid floor() const { return floor_; }  // the log on disk begins above it
  // Nothing: above last(), or below the first epoch known.
  [[nodiscard]] std::optional<Epoch> epoch_at(Zxid zxid) const;
  // Where the epochs known begin, of those up to `zxid`.
  [[nodiscard]] std::vector<EpochStart> epochs_through(Zxid zxid) const;
  // The greatest zxid that is at most `zxid` and whose epoch is at most `epoch`: where two logs that differ
  // may meet.
  [[nodiscard]] Zxid last_not_after(Zxid zxid, Epoch epoch) const;
  [[nodiscard]] const Entry& at(Zxid zxid) const;  // in the window
  // Appends to `out` the entries from `from` on: at least one, at most about max_bytes. Returns their bytes.
  std::size_t collect(Zxid from, std::size_t max_bytes, std::vector<Entry>& out) const;

  void append(Entry entry);        // the next zxid
  void truncate_after(Zxid zxid);  // not below what is delivered
  void delivered_to(Zxid zxid);
  // Lets go of the oldest entries that are delivered, and not above `limit`, until those delivered take at
  // most max_bytes.
  void trim(Zxid limit, std::size_t max_bytes);
  // Raises the floor. Requires that nothing above delivered is forgotten.
  void forget_through(Zxid zxid);

  [[nodiscard]] std::size_t undelivered_bytes() const { return undelivered_bytes_; }

 private:
  std::deque<Entry> window_;
  std::vector<EpochStart> epochs_;
  Zxid floor_;
  Zxid last_;
  Zxid delivered_;
  std::size_t delivered_bytes_ = 0;  // of the window's entries up to delivered_
  std::size_t undelivered_bytes_ = 0;
};

}  // namespace muster::broadcast
