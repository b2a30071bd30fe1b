// One server's durable state: the log, and the epoch-and-vote files. The only writer of both; perform() is
// the order of durability.
#pragma once

#include <muster/ids.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/broadcast/entry.h"
#include "server/broadcast/peer.h"
#include "server/broadcast/recovery.h"
#include "server/storage/file_system.h"

namespace muster::storage {

inline constexpr std::uint64_t kUsualSegmentBytes = 16 * 1024 * 1024;

struct DurableOptions {
  std::uint64_t segment_bytes =
      kUsualSegmentBytes;  // preallocated, written once with zeros, so that a sync changes no metadata
  std::function<std::uint64_t()> nonce;  // random numbers for new segments
  std::function<void(const std::string&)>
      report;  // one sentence for the server's log: a torn tail cut, a file completed; may be null
  // There are other servers, which can bring this one up to date: what is damaged is set aside, and it starts unqualified
  // (HardState) with what is left.
  bool repair = false;
};

class Durable {
 public:
  // Opens or creates `directory`. Recovers: the vote file with the greatest valid sequence number counts, and
  // never less than the last entry's epoch; a torn tail is cut, the remaining tail is rewritten and synced
  // before it counts (DESIGN D6). Throws DiskError: cannot read or write. Throws Damaged, unless it may be repaired: the log is
  // corrupt (not torn), or the votes are lost.
  Durable(FileSystem& files, std::string directory, DurableOptions options);
  ~Durable();

  [[nodiscard]] broadcast::HardState hard_state() const;
  [[nodiscard]] Zxid first() const;  // of the next entry, if there is none
  [[nodiscard]] Zxid last() const;   // first() - 1 if there is no entry
  [[nodiscard]] Zxid commit_mark()
      const;  // everything up to here was committed when it was written; first() - 1 ≤ it ≤ last()

  // Makes the log fit to the state that was found beside it (broadcast::judge_start): new_state resets the log, nothing resets it to
  // 0 and the server is unqualified. Durable when it returns; after a crash within, the same call does the rest. With any answer but
  // state and new_state, a state that was given is of no use. Throws Damaged: what is lost can't be repaired (DurableOptions).
  broadcast::StartFrom settle(const std::optional<broadcast::StateMark>& state, Zxid state_at_least = {});

  // Truncation, append, one sync of the log, then epoch and vote (both files, each synced), then the purge. All durable when
  // it returns. Without entries the commit is noted by a mark, which is not synced. Requires: entries
  // follow last() without a gap (CHECK). Throws NoSpace in the middle of it if make_room() did not say that it fits.
  void perform(const broadcast::Persist& persist);
  // Makes ready what perform() will need, so that it needs no room. False: there is none for it. Then it is not begun (but that its
  // purge may be done, which gives room back); it is to be tried again, and nothing else performed before it.
  [[nodiscard]] bool make_room(const broadcast::Persist& persist);
  // The disk has room for the log's next segment, or none is needed soon. Known long before make_room() answers false.
  [[nodiscard]] bool room() const;
  // Tries again to make the next segment ready, if it is time for that; room() may have changed.
  void prepare();

  // Entries [from, to], at least one, at most about max_bytes. Requires first() <= from <= last().
  // Throws DiskError on a damaged record.
  [[nodiscard]] std::vector<broadcast::Entry> read(Zxid from, Zxid to, std::size_t max_bytes) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::storage
