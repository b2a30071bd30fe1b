// Barriers as their asker and as the leader see them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "server/broadcast/peer.h"

namespace muster::broadcast {

// The asker's. All that wait are asked together under one wire id; each attempt has an id of its own, so that
// an answer to an earlier one is never taken for it.
class Barriers {
 public:
  void add(BarrierId id) { waiting_.push_back(Waiting{id, 0, std::nullopt}); }
  // The leader or the link to it changed: those without an answer are asked again.
  void ask_again();
  // The id under which everything not yet asked is asked now; nothing if there is none.
  [[nodiscard]] std::optional<std::uint64_t> ask(std::int64_t now_ms);
  // Asked before `since_ms` and not answered yet.
  [[nodiscard]] bool overdue(std::int64_t since_ms) const;
  void answered(std::uint64_t wire, Zxid zxid);
  void take_passed(Zxid delivered, std::vector<BarrierId>& passed);
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  friend class Fingerprint;
  struct Waiting {
    BarrierId id;
    std::uint64_t wire;  // 0: not asked
    std::optional<Zxid> zxid;
  };
  std::vector<Waiting> waiting_;
  std::uint64_t last_wire_ = 0;
  std::int64_t asked_ms_ = 0;
};

// The leader's: questions that wait for a quorum's echo of a heartbeat that left after they came.
class Confirmations {
 public:
  struct Question {
    ServerId asker;  // over its present link: a lost link forgets its questions
    std::uint64_t wire = 0;
    std::uint64_t beat = 0;  // 0: came before this leader was established
    Zxid zxid;
  };
  void add(const Question& question) { questions_.push_back(question); }
  void established(Zxid committed, std::uint64_t beat);
  void forget(ServerId asker);
  // The greatest beat that any waits for; 0 if none.
  [[nodiscard]] std::uint64_t wanted_beat() const;
  void take_confirmed(std::uint64_t beat, std::vector<Question>& confirmed);

 private:
  friend class Fingerprint;
  std::vector<Question> questions_;
};

}  // namespace muster::broadcast
